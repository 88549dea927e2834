"""The world as objects and fields, in the words of a diff; and what differs between two pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drctl.core.change import Value
    from fakes.jetstream import Config
    from fakes.world import FakeRegion, World

Picture = dict[tuple[str, str], "Value"]


def picture(world: World) -> Picture:
    """Return every field of every object that drctl may write: configuration, never status."""
    seen: Picture = {}
    for region in world.regions.values():
        seen |= _workloads(region) | _secrets(region) | _streams(region)
    for zone in world.zones.values():
        for (name, kind), record in zone.records.items():
            seen[f"{zone.name}/{name} {kind}", "values"] = record.values
            if kind != "TXT":
                seen[f"{zone.name}/{name} {kind}", "ttl"] = record.ttl
    return seen


def changes(before: Picture, after: Picture) -> dict[tuple[str, str], tuple[Value, Value]]:
    """Return every field that differs, with both values."""
    places = before.keys() | after.keys()
    return {
        place: (before.get(place), after.get(place))
        for place in sorted(places)
        if before.get(place) != after.get(place)
    }


def contents(world: World) -> dict[str, tuple[tuple[int, str, bytes], ...]]:
    """Return every application message of every stream."""
    return {
        f"{region.name}/{stream.name}": tuple(
            (message.seq, message.subject, message.data) for message in stream.messages
        )
        for region in world.regions.values()
        for stream in region.jetstream.streams.values()
        if not stream.name.startswith("DRCTL_")
    }


def _workloads(region: FakeRegion) -> Picture:
    found = region.cluster.deployed.values()
    return {(f"{region.name}/{workload.ref}", "spec.replicas"): workload.replicas for workload in found}


def _secrets(region: FakeRegion) -> Picture:
    return {
        (f"{region.name}/{secret.ref}", f"metadata.annotations.{key}"): value
        for secret in region.secrets.present.values()
        for key, value in secret.annotations
    }


def _streams(region: FakeRegion) -> Picture:
    seen: Picture = {}
    for stream in region.jetstream.streams.values():
        place = f"{region.name}/stream/{stream.name}"
        seen |= {(place, field): value for field, value in _fields(stream.config).items()}
        for name, durable in stream.durables.items():
            consumer = f"{region.name}/consumer/{stream.name}/{name}"
            seen[consumer, "durable"] = "created"
            seen[consumer, "opt_start_seq"] = durable.config.get("opt_start_seq")
    return seen


def _fields(config: Config) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for key, value in config.items():
        match key, value:
            case "metadata", dict():
                fields |= {f"metadata.{name}": text for name, text in value.items()}
            case "mirror", dict():
                fields[key] = str(value["name"])
            case _, list():
                fields[key] = tuple(value)
            case _, str() | int():
                fields[key] = value
            case _:
                fields[key] = json.dumps(value)
    return fields
