"""What `verify --probe` tries: a stream of its own, and every call that a run needs, on streams that do not exist."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from drctl.core.errors import DeniedError, NotFoundError, RefusedError

if TYPE_CHECKING:
    from drctl.adapters.nats.api import JetStreamApi

# No stream has this name: the server answers that it is not there, unless it does not let the request pass at all.
_NOBODY = "DRCTL_PROBE_NOBODY"
_CALLS: tuple[tuple[str, object], ...] = (
    ("STREAM.NAMES", {}),
    ("STREAM.LIST", {}),
    (f"STREAM.INFO.{_NOBODY}", None),
    (f"STREAM.UPDATE.{_NOBODY}", {"name": _NOBODY, "subjects": [f"_drctl.probe.{_NOBODY}"]}),
    (f"STREAM.DELETE.{_NOBODY}", None),
    (f"STREAM.MSG.GET.{_NOBODY}", {"seq": 1}),
    (f"CONSUMER.LIST.{_NOBODY}", {}),
    (f"CONSUMER.INFO.{_NOBODY}.{_NOBODY}", None),
    (f"CONSUMER.DURABLE.CREATE.{_NOBODY}.{_NOBODY}", {"stream_name": _NOBODY, "config": {"durable_name": _NOBODY}}),
    (f"CONSUMER.DELETE.{_NOBODY}.{_NOBODY}", None),
)


class NatsTrials:
    """Tries what a run will do, without changing anything for anyone."""

    def __init__(self, api: JetStreamApi) -> None:
        self._api = api

    def forbidden_calls(self) -> tuple[str, ...]:
        """Return the API subjects that a run needs and this user may not publish to, as permissions name them.

        A missing permission is a mere timeout to most clients (nats.md 12).

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: The credentials were refused.
        """
        found = []
        # A refused login would be taken for a forbidden call.
        self._api.facts("try every call")
        for call, body in _CALLS:
            try:
                self._api.read(call, f"try {call}", body)
            except DeniedError:
                found.append(f"$JS.API.{call.partition(f'.{_NOBODY}')[0]}" + (".>" if _NOBODY in call else ""))
            except (NotFoundError, RefusedError):
                # It was read, and there is no such stream: which is all that was asked.
                continue
        return tuple(found)

    def try_to_create(self) -> None:
        """Create a stream of one replica in memory under a name of its own, and delete it: the meta group takes writes.

        Raises:
            UnreachableError, ThrottledError, OutcomeUnknownError: It does not, or nobody knows; a stream
                `DRCTL_PROBE_*` may be left.
            DeniedError, RefusedError: As their names say; nothing was written.
        """
        name = f"DRCTL_PROBE_{uuid.uuid4().hex[:12]}"
        config = {"name": name, "subjects": [f"_drctl.probe.{name}"], "storage": "memory", "num_replicas": 1}
        self._api.write(f"STREAM.CREATE.{name}", "create a stream to try it", config)
        self._api.write(f"STREAM.DELETE.{name}", f"delete stream {name}", None)
