"""How keys must agree with one another. Read from the raw data, so that one mistake never hides another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drctl.config.mistakes import Mistake, Where
from drctl.core.record_values import family_of
from drctl.core.topology import RecordMode

Raw = Mapping[Any, Any]


def broken_rules(data: object) -> tuple[Mistake, ...]:
    """Return every disagreement. What has the wrong form is passed over: the schema speaks of it."""
    if not isinstance(data, Mapping):
        return ()
    return (
        *_regions(data),
        *_roles(data),
        *_nats(data),
        *_zones(data),
        *_values(data),
        *_modes(data),
        *_probes(data),
    )


def _regions(data: Raw) -> Iterator[Mistake]:
    regions = data.get("regions")
    if isinstance(regions, list) and len(regions) != 2:
        yield Mistake(
            ("regions",),
            f"two regions are needed, {len(regions)} stand here",
            "Name the region that serves and its standby.",
        )
    yield from _same_twice(data, "regions", "name")
    ports = {entry.get("https_port", 443) for _, entry in _entries(data, "regions")}
    if len(ports) > 1:
        yield Mistake(
            ("regions",),
            f"https_port differs between the regions: {', '.join(sorted(map(str, ports)))}",
            "Give one port: users reach either region by the same public name and port.",
        )


def _roles(data: Raw) -> Iterator[Mistake]:
    names = [entry["name"] for _, entry in _entries(data, "regions") if isinstance(entry.get("name"), str)]
    known = ", ".join(names)
    for key in ("home", "standby"):
        role = data.get(key)
        if isinstance(role, str) and names and role not in names:
            yield Mistake((key,), f"there is no region {role!r}", f"Name one of: {known}.")
    if isinstance(data.get("home"), str) and data["home"] == data.get("standby"):
        yield Mistake(("standby",), "is the home region itself", f"Name the other one of: {known}.")


def _values(data: Raw) -> Iterator[Mistake]:
    """Every record has something to hold in every region."""
    for number, zone in _entries(data, "dns"):
        for place, record in _entries(zone, "records"):
            here: Where = ("dns", number, "records", place)
            given = record.get("values", {})
            if isinstance(given, Mapping):
                yield from _values_of(data, here, record.get("type", "A"), given)


def _values_of(data: Raw, here: Where, kind: object, given: Raw) -> Iterator[Mistake]:
    names = [region.get("name") for _, region in _entries(data, "regions")]
    for name in given:
        if name not in names:
            yield Mistake((*here, "values", str(name)), f"there is no region {name!r}", "Name this file's regions.")
    for _, region in _entries(data, "regions"):
        name = region.get("name")
        if name in given or not isinstance(kind, str):
            continue
        if kind not in {"A", "AAAA"}:
            what = f"{name} has none, and {kind} holds no addresses"
            yield Mistake((*here, "values"), what, f"Give {name}'s values.")
        elif kind not in (families := {_family(one) for one in _list(region, "addresses")}) and "" not in families:
            yield Mistake(
                (*here, "type"),
                f"{name} has no address for a record of type {kind}",
                f"Give {name} an address of that family, or the record its `values`.",
            )


def _family(address: object) -> str:
    try:
        return family_of(str(address))
    except ValueError:
        return ""


def _nats(data: Raw) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for number, region in _entries(data, "regions"):
        nats = region.get("nats")
        if not isinstance(nats, Mapping):
            continue
        here: Where = ("regions", number, "nats")
        yield from _login(here, nats)
        if isinstance(nats.get("system"), Mapping):
            yield from _login((*here, "system"), nats["system"])
        url = nats.get("url")
        if isinstance(url, str) and seen.setdefault(url, number) != number:
            yield Mistake(
                (*here, "url"),
                f"is the address of regions[{seen[url]}] too",
                "Give each region's own address: drctl must never ask one and hear the other.",
            )


def _login(here: Where, login: Raw) -> Iterator[Mistake]:
    if "creds" in login and ("user" in login or "password" in login):
        yield Mistake((*here, "creds"), "stands beside user or password", "Keep the one that the server wants.")
    elif ("user" in login) != ("password" in login):
        yield Mistake(here, "user and password belong together", "Give both, or neither.")


def _zones(data: Raw) -> Iterator[Mistake]:
    yield from _same_twice(data, "dns", "zone")
    for number, zone in _entries(data, "dns"):
        here: Where = ("dns", number)
        if ("access_key_id" in zone) != ("secret_access_key" in zone):
            yield Mistake(here, "access_key_id and secret_access_key belong together", "Give both, or neither.")
        seen: set[tuple[object, object]] = set()
        for place, record in _entries(zone, "records"):
            name, kind = record.get("name"), record.get("type", "A")
            if isinstance(name, str) and isinstance(zone.get("zone"), str) and not _is_inside(name, zone["zone"]):
                yield Mistake(
                    (*here, "records", place, "name"),
                    f"{name} is not in the zone {zone['zone']}",
                    "Move it to its own zone's records, or mend the name.",
                )
            if isinstance(name, str) and isinstance(kind, str):
                if (name, kind) in seen:
                    yield Mistake((*here, "records", place), f"{name} {kind} stands twice", "Keep one of the two.")
                seen.add((name, kind))


def _modes(data: Raw) -> Iterator[Mistake]:
    """Not every vendor has members to choose from."""
    known = {"route53": ("values", "weighted", "failover"), "cloudflare": ("values", "load_balancer")}
    for number, zone in _entries(data, "dns"):
        vendor = zone.get("vendor")
        for place, record in _entries(zone, "records"):
            allowed = known.get(vendor, ("values",)) if isinstance(vendor, str) else ()
            if allowed and (mode := record.get("mode", "values")) not in allowed and mode in set(RecordMode):
                where: Where = ("dns", number, "records", place, "mode")
                yield Mistake(where, f"{vendor} has no mode {mode}", f"Choose one of {', '.join(allowed)}.")


def _is_inside(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _probes(data: Raw) -> Iterator[Mistake]:
    yield from _same_twice(data, "probes", "name")
    for number, probe in _entries(data, "probes"):
        writes, method = probe.get("kind", "read") == "write", probe.get("method", "GET")
        if not writes and method not in {"GET", "HEAD"}:
            yield Mistake(
                ("probes", number, "method"),
                f"{method} is no method of a probe that only reads",
                "Say `kind: write`, or use GET: reads are sent in dry runs too.",
            )
        if writes and method in {"GET", "HEAD"}:
            yield Mistake(
                ("probes", number, "method"), f"{method} writes nothing", "Give the method that writes, such as POST."
            )


def _same_twice(data: Raw, section: str, key: str) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for number, entry in _entries(data, section):
        value = entry.get(key)
        if isinstance(value, str) and seen.setdefault(value, number) != number:
            yield Mistake(
                (section, number, key),
                f"{value!r} is the {key} of {section}[{seen[value]}] too",
                f"Give each its own {key}.",
            )


def _entries(data: Raw, section: str) -> Iterator[tuple[int, Raw]]:
    for number, entry in enumerate(_list(data, section)):
        if isinstance(entry, Mapping):
            yield number, entry


def _list(data: Raw, key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []
