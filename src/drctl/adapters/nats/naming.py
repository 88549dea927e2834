"""What streams are called where both regions' stand in one meta group, in which no name is given twice.

Above the adapter a stream and its mirror have one name, as in two domains; here the region's suffix is put on and off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.adapters.nats.api import JetStreamApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from drctl.adapters.nats.api import Json
    from drctl.adapters.nats.connection import Connection
    from drctl.adapters.nats.translate import Place

_CALL = re.compile(
    r"(STREAM\.(?:INFO|CREATE|UPDATE|DELETE|SNAPSHOT|MSG\.GET)"
    r"|CONSUMER\.(?:INFO|LIST|CREATE|DURABLE\.CREATE|PAUSE|RESET|DELETE))\.([^.]+)(.*)"
)


@dataclass(frozen=True, slots=True)
class Naming:
    """One region's part of a shared meta group: what its streams' names end in, and the other region's.

    Without a difference between the two the regions share nothing, and a name is a name. `cluster` is where its
    streams are placed.
    """

    suffix: str = ""
    other_suffix: str = ""
    cluster: str = ""
    other_cluster: str = ""

    @property
    def shares_a_group(self) -> bool:
        """Whether both regions' streams are in one meta group."""
        return self.suffix != self.other_suffix

    def owns(self, stored: str) -> bool:
        """Say whether a stream is this region's, by its name."""
        if self.suffix and self.other_suffix:
            return stored.endswith(self.suffix)
        return stored.endswith(self.suffix) if self.suffix else not stored.endswith(self.other_suffix)

    def stored(self, name: str) -> str:
        """Return the name that this region's servers know."""
        return f"{name}{self.suffix}"

    def stored_by_other(self, name: str) -> str:
        """Return the name that the other region's stream has."""
        return f"{name}{self.other_suffix}"

    def shown(self, stored: str) -> str:
        """Return the name above the adapter, of a stream of either region."""
        return stored.removesuffix(self.suffix if self.owns(stored) else self.other_suffix)


class NamedApi(JetStreamApi):
    """One region's JetStream API in a shared meta group; it shows this region's streams only."""

    def __init__(self, connection: Connection, place: Place, naming: Naming) -> None:
        super().__init__(connection, place)
        self._naming = naming

    def stored(self, name: str) -> str:
        """As `JetStreamApi.stored`."""
        return self._naming.stored(name)

    def read(self, call: str, what: str, body: object = None, prefix: str = "$JS.API") -> Json:
        """As `JetStreamApi.read`."""
        return self._shown(super().read(self._stored_call(call), what, self._stored_body(call, body), prefix))

    def write(self, call: str, what: str, body: object, headers: Mapping[str, str] | None = None) -> Json:
        """As `JetStreamApi.write`."""
        return self._shown(super().write(self._stored_call(call), what, self._stored_body(call, body), headers))

    def pages(self, call: str, what: str, key: str) -> Iterator[tuple[list[object], Json]]:
        """As `JetStreamApi.pages`; what is missing or offline in the other region is that region's."""
        for entries, answer in super().pages(call, what, key):
            silent = {part: self._own(answer.get(part) or ()) for part in ("missing", "offline")}
            kept = entries if key != "streams" else [one for one in entries if self._naming.owns(one["stored"])]
            yield kept, answer | silent

    def probe(
        self, subjects: Sequence[str], what: str, headers: Mapping[str, str], quiet_seconds: float
    ) -> dict[str, tuple[Json, ...] | None]:
        """As `JetStreamApi.probe`; the other region's streams, which answer here too, are left out."""
        found = super().probe(subjects, what, headers, quiet_seconds)
        return {subject: None if said is None else self._heard(said) for subject, said in found.items()}

    def _heard(self, answers: tuple[Json, ...]) -> tuple[Json, ...]:
        own = (one for one in answers if "stream" not in one or self._naming.owns(one["stream"]))
        return tuple(one | ({"stream": self._naming.shown(one["stream"])} if "stream" in one else {}) for one in own)

    def _own(self, names: Sequence[str]) -> list[str]:
        return [self._naming.shown(name) for name in names if self._naming.owns(name)]

    def _stored_call(self, call: str) -> str:
        found = _CALL.fullmatch(call)
        return f"{found[1]}.{self._naming.stored(found[2])}{found[3]}" if found else call

    def _stored_body(self, call: str, body: object) -> object:
        if not isinstance(body, dict):
            return body
        stored = dict(body)
        for key in ("name", "stream_name"):
            if key in stored:
                stored[key] = self._naming.stored(stored[key])
        if mirror := stored.get("mirror"):
            # No prefix leads from one meta group into itself.
            kept = {key: value for key, value in mirror.items() if key != "external"}
            stored["mirror"] = kept | {"name": self._naming.stored_by_other(mirror["name"])}
        if call.startswith("STREAM.CREATE.") and self._naming.cluster:
            # What is copied from the other region says where that region's is.
            stored["placement"] = {"cluster": self._naming.cluster}
        return stored

    def _shown(self, answer: Json) -> Json:
        if "config" in answer and "state" in answer:
            answer = self._shown_info(answer)
        if "stream_name" in answer:
            answer = answer | {"stream_name": self._naming.shown(answer["stream_name"])}
        if isinstance(answer.get("streams"), list):
            infos = [self._shown_info(one) if isinstance(one, dict) else one for one in answer["streams"]]
            answer = answer | {"streams": infos}
        return answer

    def _shown_info(self, info: Json) -> Json:
        config = dict(info["config"])
        stored = config["name"]
        config["name"] = self._naming.shown(stored)
        if mirror := config.get("mirror"):
            config["mirror"] = mirror | {"name": self._naming.shown(mirror["name"])}
        return info | {"config": config, "stored": stored}
