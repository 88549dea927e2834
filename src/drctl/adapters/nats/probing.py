"""The binder probe: which streams take writes on a subject, asked without storing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import UnreachableError

if TYPE_CHECKING:
    from drctl.adapters.nats.api import JetStreamApi

# No stream has this name, so each that binds the subject answers 400/10060 and stores nothing (measured).
_EXPECT_NOBODY = {"Nats-Expected-Stream": "__drctl_probe__"}
_QUIET_SECONDS = 0.4


class NatsProber:
    """Probes one region. Behind the recommended leaf it sees its own region only: add both regions' answers."""

    def __init__(self, api: JetStreamApi) -> None:
        self._api = api

    def binders(self, subject: str) -> tuple[str, ...]:
        """Return the streams that take writes on a subject here, sorted; a wildcard is probed inside of it.

        Core subscribers of the subject do see the empty message.

        Raises:
            UnreachableError: No answer that could be told from silence.
            DeniedError: Not allowed to publish there.
        """
        inside = _literal(subject)
        what = f"probe who binds {inside}"
        try:
            answers = self._api.probe(inside, what, _EXPECT_NOBODY, _QUIET_SECONDS)
        except UnreachableError:
            # A subscriber that is no stream keeps the server from saying that nobody listens.
            if self._api.read("STREAM.NAMES", what, {"subject": inside}).get("streams"):
                raise
            return ()
        return tuple(sorted(answer["stream"] for answer in answers if "stream" in answer))


def _literal(subject: str) -> str:
    return ".".join("drctl-probe" if token in {"*", ">"} else token for token in subject.split("."))
