"""The binder probe: which streams take writes on a subject, asked without storing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drctl.adapters.nats.api import JetStreamApi, Json

# No stream has this name, so each that binds the subject answers 400/10060 and stores nothing (measured).
_EXPECT_NOBODY = {"Nats-Expected-Stream": "__drctl_probe__"}
_QUIET_SECONDS = 0.4
_NAMED_AT_MOST = 3


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
        return self.binders_of((subject,))[subject]

    def binders_of(self, subjects: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return `binders` of each subject, probed and waited for together: about as long as one takes alone.

        Raises:
            UnreachableError: For one of them no answer that could be told from silence.
            DeniedError: Not allowed to publish there.
        """
        inside = {subject: _literal(subject) for subject in subjects}
        if not inside:
            return {}
        what = "probe who binds " + ", ".join(sorted(set(inside.values()))[:_NAMED_AT_MOST])
        answers = self._api.probe(tuple(dict.fromkeys(inside.values())), what, _EXPECT_NOBODY, _QUIET_SECONDS)
        found = {literal: self._names(literal, said) for literal, said in answers.items()}
        return {subject: found[literal] for subject, literal in inside.items()}

    def _names(self, literal: str, answers: tuple[Json, ...] | None) -> tuple[str, ...]:
        if answers is not None:
            return tuple(sorted(answer["stream"] for answer in answers if "stream" in answer))
        # A subscriber that is no stream keeps the server from saying that nobody listens.
        what = f"probe who binds {literal}"
        if named := self._api.read("STREAM.NAMES", what, {"subject": literal}).get("streams"):
            raise UnreachableError(
                f"{what} at {self._api.place}: {', '.join(named)} should, and did not answer",
                remedy="Check the server, run again.",
            )
        return ()


def _literal(subject: str) -> str:
    return ".".join("drctl-probe" if token in {"*", ">"} else token for token in subject.split("."))
