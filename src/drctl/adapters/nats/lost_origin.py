"""In a shared meta group a lost origin goes on owning its subjects: they are moved in the meta layer, if it lets them.

Measured on 2.15.1: the update times out, and is applied; once the servers count the origin as offline (150-240 s after
a crash, at once after an orderly stop) it is refused with 10118.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from drctl.adapters.nats.parse import SUBJECTS, own_metadata
from drctl.adapters.nats.translate import STREAM_OFFLINE, RefusedByApiError
from drctl.core.errors import OutcomeUnknownError, RefusedError, ThrottledError
from drctl.core.stream_config import FENCED_PREFIX

if TYPE_CHECKING:
    from drctl.adapters.nats.api import JetStreamApi, Json
    from drctl.adapters.nats.naming import Naming
    from drctl.ports.datastore import PromotionWish

WAYS_OUT = (
    "Ways out: (a) map the subjects to one alias per cluster, with a subject_transform on each stream, before the next "
    "time; (b) copy the volume of the server that holds the origin, then delete the origin by hand: its data goes when "
    "it returns; (c) bring the origin's servers back and run `drctl resume`."
)


class LostOrigin:
    """Takes the subjects from a mirror's origin that does not answer. `plain` names streams as the servers do."""

    def __init__(self, plain: JetStreamApi, naming: Naming) -> None:
        self._plain, self._naming = plain, naming

    def owns(self, mirror: Json, owners: set[str]) -> bool:
        """Say whether the mirror's own origin, and nothing else, holds the subjects."""
        origin = (mirror.get("mirror") or {}).get("name", "")
        return self._naming.shares_a_group and owners == {self._naming.stored_by_other(origin)}

    def move_subjects(self, mirror: Json, wish: PromotionWish) -> None:
        """Ask for it once; no answer is what is expected, and the promotion that follows proves what became of it.

        Raises:
            RefusedError: The origin counts as offline (10118), or the server refused otherwise.
            DeniedError, UnreachableError: As their names say; nothing was written.
        """
        name = self._naming.stored_by_other(mirror["mirror"]["name"])
        try:
            self._plain.write(f"STREAM.UPDATE.{name}", f"move the subjects of {name}", self._fenced(name, mirror, wish))
        except (OutcomeUnknownError, ThrottledError):
            return
        except RefusedByApiError as exc:
            if exc.number != STREAM_OFFLINE:
                raise
            raise RefusedError(
                f"{exc.message}; the lost origin {name} still owns {', '.join(wish.subjects)}", remedy=WAYS_OUT
            ) from exc

    def _fenced(self, name: str, mirror: Json, wish: PromotionWish) -> Json:
        """Return the origin's configuration without its subjects, as its mirror has it: nobody else can be asked."""
        kept = {key: value for key, value in mirror.items() if key not in {"mirror", "name", "placement", "metadata"}}
        deferred = {field: json.loads(text) for field, text in wish.deferred}
        placed = {"placement": {"cluster": self._naming.other_cluster}} if self._naming.other_cluster else {}
        metadata = own_metadata(mirror) | {SUBJECTS: json.dumps(list(wish.subjects))}
        return (
            kept
            | deferred
            | placed
            | {
                "name": name,
                "subjects": [f"{FENCED_PREFIX}{self._naming.shown(name)}"],
                "mirror_direct": False,
                "metadata": metadata,
            }
        )
