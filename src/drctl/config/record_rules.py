"""How records must agree with regions, vendors and switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from drctl.config.mistakes import Mistake, Where
from drctl.config.raw import Raw, entries, listed
from drctl.core.record_values import family_of
from drctl.core.topology import VENDOR, RecordMode


def broken_record_rules(data: Raw) -> tuple[Mistake, ...]:
    """Return every disagreement about records, their ways and the switches."""
    return (*_values(data), *_modes(data), *_ladders(data), *_switches(data))


def _values(data: Raw) -> Iterator[Mistake]:
    """Every record has something to hold in every region."""
    for number, zone in entries(data, "dns"):
        for place, record in entries(zone, "records"):
            here: Where = ("dns", number, "records", place)
            given = record.get("values", {})
            if isinstance(given, Mapping):
                yield from _values_of(data, here, record.get("type", "A"), given)


def _values_of(data: Raw, here: Where, kind: object, given: Raw) -> Iterator[Mistake]:
    names = [region.get("name") for _, region in entries(data, "regions")]
    for name in given:
        if name not in names:
            yield Mistake((*here, "values", str(name)), f"there is no region {name!r}", "Name this file's regions.")
    for _, region in entries(data, "regions"):
        name = region.get("name")
        if name in given or not isinstance(kind, str):
            continue
        if kind not in {"A", "AAAA"}:
            what = f"{name} has none, and {kind} holds no addresses"
            yield Mistake((*here, "values"), what, f"Give {name}'s values.")
        elif kind not in (families := {_family(one) for one in listed(region, "addresses")}) and "" not in families:
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


def _modes(data: Raw) -> Iterator[Mistake]:
    """Not every vendor has members to choose from."""
    known = {"route53": ("values", "weighted", "failover")}
    for number, zone in entries(data, "dns"):
        vendor = zone.get("vendor")
        for place, record in entries(zone, "records"):
            allowed = known.get(vendor, ("values",)) if isinstance(vendor, str) else ()
            if allowed and (mode := record.get("mode", "values")) not in allowed and mode in set(RecordMode):
                where: Where = ("dns", number, "records", place, "mode")
                yield Mistake(where, f"{vendor} has no mode {mode}", f"Choose one of {', '.join(allowed)}.")


def _ladders(data: Raw) -> Iterator[Mistake]:
    switches = {switch.get("name") for _, switch in entries(data, "switches")}
    for number, zone in entries(data, "dns"):
        ladders: dict[object, list[object]] = {}
        for place, record in entries(zone, "records"):
            here: Where = ("dns", number, "records", place, "ladder")
            ladder = listed(record, "ladder") or [VENDOR]
            for name in ladder:
                if name != VENDOR and name not in switches:
                    yield Mistake(here, f"there is no switch {name!r}", f"Name {VENDOR}, or one of `switches:`.")
            if set(ladder) - {VENDOR} and record.get("mode", "values") not in {"weighted", "failover"}:
                what = "a switch moves only what Route 53's health checks choose from"
                yield Mistake(here, what, "Prepare weighted or failover members, and say so by `mode:`.")
            if len(set(map(str, ladder))) < len(ladder):
                yield Mistake(here, "names a way twice", "Keep one of the two.")
            if ladders.setdefault(record.get("name"), ladder) != ladder:
                yield Mistake(here, f"is not that of {record.get('name')}'s other records", "They move together.")


def _switches(data: Raw) -> Iterator[Mistake]:
    regions = [region.get("name") for _, region in entries(data, "regions")]
    names: set[object] = {VENDOR}
    for number, switch in entries(data, "switches"):
        here: Where = ("switches", number)
        if (name := switch.get("name")) in names:
            yield Mistake((*here, "name"), f"{name!r} is taken", "Give each its own name.")
        names.add(name)
        leads_to = switch.get("leads_to")
        if isinstance(leads_to, str) and leads_to not in regions:
            yield Mistake((*here, "leads_to"), f"there is no region {leads_to!r}", "Name one of this file's.")
        controls = switch.get("controls")
        if isinstance(controls, Mapping) and set(controls) != set(regions):
            yield Mistake((*here, "controls"), "do not name just the regions", "Give the control of each region.")
        if ("access_key_id" in switch) != ("secret_access_key" in switch):
            yield Mistake(here, "access_key_id and secret_access_key belong together", "Give both, or neither.")
