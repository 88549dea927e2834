"""What a stream's configuration says, and what it becomes as a mirror. Pure; JSON objects as the server has them."""

from __future__ import annotations

import json
from typing import Any

from drctl.core.observed import StreamKind, StreamRole

StreamConfig = dict[str, Any]

FENCED_PREFIX = "_drctl.fenced."
RESCUE_SUBJECT_PREFIX = "_drctl.rescue."

# What a mirror refuses (nats.md 1.6), with what says that a stream is a mirror or an origin.
REFUSED_BY_MIRRORS = frozenset(
    {"allow_atomic", "allow_batched", "allow_msg_schedules", "subject_delete_marker_ttl", "first_seq"}
)
_REPLACED = frozenset({"subjects", "mirror", "sources", "sealed", "mirror_direct", "metadata"})
# An old fork, read as a new one, would rescue the wrong tail (nats.md 11.3, F6).
_OF_ONE_RUN = frozenset({"drctl.fork_seq", "drctl.fork_ts", "drctl.origin", "drctl.epoch", "drctl.run"})


def role_of(config: StreamConfig) -> StreamRole:
    """Return a stream's role, from its configuration only (nats.md 11.1). A sealed rescue takes no writes: FENCED."""
    if config.get("mirror"):
        return StreamRole.MIRROR
    subjects = config.get("subjects") or ()
    if subjects and all(subject.startswith((FENCED_PREFIX, RESCUE_SUBJECT_PREFIX)) for subject in subjects):
        return StreamRole.FENCED
    return StreamRole.ACTIVE


def kind_of(name: str) -> StreamKind:
    """Return what a stream is used as, by the prefixes that NATS' clients and drctl give."""
    prefixes = (("KV_", StreamKind.KV), ("OBJ_", StreamKind.OBJECT_STORE), ("RESCUE_", StreamKind.RESCUE))
    return next((kind for prefix, kind in prefixes if name.startswith(prefix)), StreamKind.STREAM)


def mirrored(config: StreamConfig, domain: str, epoch: int, run_id: str) -> StreamConfig:
    """Return an active stream's configuration as that of its mirror in the other region.

    Limits, storage, retention and the duplicate window stay; subjects and the features that a mirror refuses are
    kept in the metadata, for the day on which it is promoted.
    """
    metadata = {
        key: value
        for key, value in (config.get("metadata") or {}).items()
        if key not in _OF_ONE_RUN and not key.startswith("_nats.")
    }
    refused = {key: config[key] for key in sorted(REFUSED_BY_MIRRORS) if config.get(key)}
    metadata |= {"drctl.subjects": json.dumps(config.get("subjects") or [])}
    metadata |= {"drctl.deferred": json.dumps(refused)} if refused else {}
    metadata |= {"drctl.epoch": str(epoch), "drctl.run": run_id}
    kept = {key: value for key, value in config.items() if key not in _REPLACED | REFUSED_BY_MIRRORS}
    mirror = {"name": config["name"], "external": {"api": f"$JS.{domain}.API"}}
    return kept | {"mirror": mirror, "mirror_direct": False, "metadata": metadata}
