"""The server's JSON as core values. Pure functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drctl.core.observed import AccountLimit, ConsumerState, StreamState
from drctl.core.stream_config import kind_of, role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drctl.adapters.nats.api import Json

SUBJECTS = "drctl.subjects"
FORK_SEQ = "drctl.fork_seq"
FORK_TIME = "drctl.fork_ts"
ORIGIN = "drctl.origin"
EPOCH = "drctl.epoch"
RUN = "drctl.run"


def stream_state(info: Json, observed_at: datetime) -> StreamState:
    """Return a stream from its raw STREAM.INFO; `observed_at` is our clock just before the request was sent."""
    config, state = info["config"], info["state"]
    metadata = config.get("metadata") or {}
    cluster, mirror = info.get("cluster") or {}, info.get("mirror") or {}
    replicas = cluster.get("replicas") or ()
    return StreamState(
        name=config["name"],
        kind=kind_of(config["name"]),
        role=role_of(config),
        subjects=tuple(config.get("subjects") or ()),
        original_subjects=_subjects(metadata),
        first_seq=state["first_seq"],
        last_seq=state["last_seq"],
        messages=state["messages"],
        last_time=moment(state.get("last_ts", "")),
        contact_age=_contact_age(info),
        mirror_of=(config.get("mirror") or {}).get("name", ""),
        fork_seq=_number(metadata, FORK_SEQ),
        fork_time=moment(metadata.get(FORK_TIME, "")),
        epoch=_number(metadata, EPOCH) or 0,
        config=_text(config),
        observed_at=observed_at,
        created=moment(info.get("created", "")),
        cluster=cluster.get("name", ""),
        leader=cluster.get("leader", ""),
        behind=tuple(sorted(peer["name"] for peer in replicas if peer.get("offline") or not peer.get("current"))),
        mirror_error=(mirror.get("error") or {}).get("description", ""),
        stored_name=info.get("stored", ""),
    )


def consumer_state(info: Json, observed_at: datetime) -> ConsumerState:
    """Return a durable from its raw CONSUMER.INFO.

    On R3 the floor of a consumer that started at a sequence and acknowledged nothing can be 0 (measured), so its
    start counts too.
    """
    config = info["config"]
    start = int(config.get("opt_start_seq") or 0)
    return ConsumerState(
        stream=info["stream_name"],
        name=info["name"],
        floor=max(info["ack_floor"]["stream_seq"], start - 1, 0),
        start_seq=start,
        config=_text(config),
        observed_at=observed_at,
    )


def account_limits(account: Json) -> tuple[AccountLimit, ...]:
    """Return every bound of an account from its raw INFO; -1 and an absent one mean none, each tier has its own."""
    tiers = account.get("tiers") or {"": account}
    return tuple(
        AccountLimit(tier, what, int(found.get(what, 0)), int(limit))
        for tier, found in sorted(tiers.items())
        for what in ("streams", "consumers", "storage", "memory")
        if (limit := (found.get("limits") or {}).get(f"max_{what}", -1)) >= 0
    )


def is_the_applications(info: Json) -> bool:
    """Say whether a consumer is a durable of the application.

    Servers from 2.14 keep durables of their own (`JS_MIRROR_*`, `sourcing: true`) on work-queue and interest
    streams that are mirrored (measured on 2.15.1).
    """
    return bool(info["config"].get("durable_name")) and not info["config"].get("sourcing", False)


def moment(text: str) -> datetime | None:
    """Return a server's time, cut to microseconds; None for nothing, for year 1 (an empty stream) and for nonsense."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and found.year > 1 else None


def own_metadata(config: Json) -> dict[str, str]:
    """Return a configuration's metadata without the server's own part.

    The server writes its `_nats.*` keys itself, and shows two of them in INFO only (measured on 2.15.1).
    """
    return {key: value for key, value in (config.get("metadata") or {}).items() if not key.startswith("_nats.")}


def _text(config: Json) -> str:
    shown = config | ({"metadata": own_metadata(config)} if "metadata" in config else {})
    return json.dumps(shown, separators=(",", ":"))


def _contact_age(info: Json) -> timedelta | None:
    # Nanoseconds; -1 means never heard since this server started. `lag` beside it is no lag: nats.md 4.1.
    active = (info.get("mirror") or {}).get("active", -1)
    return timedelta(microseconds=active // 1000) if active >= 0 else None


def _subjects(metadata: Mapping[str, str]) -> tuple[str, ...]:
    try:
        found = json.loads(metadata.get(SUBJECTS, "[]"))
    except ValueError:
        return ()
    return tuple(subject for subject in found if isinstance(subject, str)) if isinstance(found, list) else ()


def _number(metadata: Mapping[str, str], key: str) -> int | None:
    text = metadata.get(key, "")
    return int(text) if text.isdecimal() else None
