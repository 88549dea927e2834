"""How keys must agree with one another. Read from the raw data, so that one mistake never hides another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drctl.config.mistakes import Mistake, Where
from drctl.config.raw import Raw, entries
from drctl.config.record_rules import broken_record_rules


def broken_rules(data: object) -> tuple[Mistake, ...]:
    """Return every disagreement. What has the wrong form is passed over: the schema speaks of it."""
    if not isinstance(data, Mapping):
        return ()
    return (
        *_regions(data),
        *_roles(data),
        *_nats(data),
        *_zones(data),
        *broken_record_rules(data),
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
    ports = {entry.get("https_port", 443) for _, entry in entries(data, "regions")}
    if len(ports) > 1:
        yield Mistake(
            ("regions",),
            f"https_port differs between the regions: {', '.join(sorted(map(str, ports)))}",
            "Give one port: users reach either region by the same public name and port.",
        )


def _roles(data: Raw) -> Iterator[Mistake]:
    names = [entry["name"] for _, entry in entries(data, "regions") if isinstance(entry.get("name"), str)]
    known = ", ".join(names)
    for key in ("home", "standby"):
        role = data.get(key)
        if isinstance(role, str) and names and role not in names:
            yield Mistake((key,), f"there is no region {role!r}", f"Name one of: {known}.")
    if isinstance(data.get("home"), str) and data["home"] == data.get("standby"):
        yield Mistake(("standby",), "is the home region itself", f"Name the other one of: {known}.")


def _nats(data: Raw) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for number, region in entries(data, "regions"):
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
    for number, zone in entries(data, "dns"):
        here: Where = ("dns", number)
        if ("access_key_id" in zone) != ("secret_access_key" in zone):
            yield Mistake(here, "access_key_id and secret_access_key belong together", "Give both, or neither.")
        seen: set[tuple[object, object]] = set()
        for place, record in entries(zone, "records"):
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


def _is_inside(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


def _probes(data: Raw) -> Iterator[Mistake]:
    yield from _same_twice(data, "probes", "name")
    for number, probe in entries(data, "probes"):
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
    for number, entry in entries(data, section):
        value = entry.get(key)
        if isinstance(value, str) and seen.setdefault(value, number) != number:
            yield Mistake(
                (section, number, key),
                f"{value!r} is the {key} of {section}[{seen[value]}] too",
                f"Give each its own {key}.",
            )
