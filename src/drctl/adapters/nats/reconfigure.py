"""What a configuration becomes when it is fenced, promoted or carried over. Pure functions over raw JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drctl.adapters.nats.parse import EPOCH, FORK_SEQ, FORK_TIME, ORIGIN, RUN, SUBJECTS, own_metadata
from drctl.core.stream_config import FENCED_PREFIX, RESCUE_SUBJECT_PREFIX

if TYPE_CHECKING:
    from drctl.adapters.nats.api import Json
    from drctl.core.lock import Stamp
    from drctl.core.observed import ConsumerState
    from drctl.ports.datastore import PromotionWish, TailWish

_START_FIELDS = frozenset({"opt_start_seq", "opt_start_time", "deliver_policy"})


def fenced(config: Json, stamp: Stamp) -> Json:
    """Return an active stream's configuration without its subjects, which its metadata keeps.

    An empty list would bind the stream's name instead (nats.md T2), so a subject of drctl's own is put there.
    """
    return config | {
        "subjects": [f"{FENCED_PREFIX}{config['name']}"],
        "metadata": own_metadata(config) | {SUBJECTS: json.dumps(config.get("subjects") or [])} | _signed(stamp),
    }


def promoted(info: Json, wish: PromotionWish, stamp: Stamp) -> Json:
    """Return a mirror's whole configuration as an active one: an update replaces everything (nats.md T4).

    The fork is the mirror's last sequence as read; a mirror that still receives forks a little later (T7).
    """
    config, state = info["config"], info["state"]
    stale = {FORK_SEQ, FORK_TIME, ORIGIN, EPOCH, RUN}
    metadata = {key: value for key, value in own_metadata(config).items() if key not in stale}
    fork = {
        FORK_SEQ: str(state["last_seq"]),
        FORK_TIME: state.get("last_ts", ""),
        ORIGIN: json.dumps(config["mirror"], separators=(",", ":")),
    }
    plain = {key: value for key, value in config.items() if key != "mirror"}
    deferred = {field: json.loads(text) for field, text in wish.deferred}
    wished = {"subjects": list(wish.subjects), "mirror_direct": False}
    return plain | deferred | wished | {"metadata": metadata | fork | _signed(stamp)}


def unfenced(config: Json, stamp: Stamp) -> Json:
    """Return a fenced stream's configuration with the subjects that its metadata keeps."""
    metadata = own_metadata(config)
    subjects = json.loads(metadata.pop(SUBJECTS, "[]"))
    return config | {"subjects": subjects, "metadata": metadata | _signed(stamp)}


def kept_tail(wish: TailWish, replicas: int, stamp: Stamp) -> Json:
    """Return the configuration of a rescue: a mirror without limits, so that it drops nothing."""
    external = {"api": f"$JS.{wish.domain}.API"}
    return {
        "name": wish.name,
        "storage": "file",
        "num_replicas": replicas,
        "mirror": {"name": wish.stream, "opt_start_seq": wish.first_seq, "external": external},
        "metadata": _signed(stamp),
    }


def sealed(config: Json) -> Json:
    """Return a rescue's configuration without its mirror, sealed, on a subject that nobody writes to."""
    plain = {key: value for key, value in config.items() if key != "mirror"}
    wished = {"subjects": [f"{RESCUE_SUBJECT_PREFIX}{config['name']}"], "sealed": True, "mirror_direct": False}
    return plain | wished | {"metadata": own_metadata(config)}


def carried(consumer: ConsumerState, start: int) -> Json:
    """Return a durable's configuration, as raw as it was read, but starting at `start`."""
    config: Json = json.loads(consumer.config)
    kept = {key: value for key, value in config.items() if key not in _START_FIELDS}
    kept["metadata"] = own_metadata(config)
    return kept | {"durable_name": consumer.name, "deliver_policy": "by_start_sequence", "opt_start_seq": start}


def _signed(stamp: Stamp) -> dict[str, str]:
    return {EPOCH: str(stamp.epoch), RUN: stamp.run_id}
