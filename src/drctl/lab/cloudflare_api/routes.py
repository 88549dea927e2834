"""What each path answers."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from drctl.lab.cloudflare_api.access import require
from drctl.lab.cloudflare_api.drafts import as_mapping
from drctl.lab.cloudflare_api.listing import listed
from drctl.lab.cloudflare_api.model import ApiError, no_route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drctl.lab.cloudflare_api.access import Token
    from drctl.lab.cloudflare_api.zone import Zone

_BASE = "/client/v4"
_RECORDS = r"/zones/(?P<zone>[^/]+)/dns_records"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, taken apart. `ids` are the objects that its path names."""

    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: object


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes into the envelope."""

    result: Any
    info: dict[str, int] = field(default_factory=dict)


Handler: TypeAlias = "Callable[[Asked], Reply]"


class Routes:
    """The paths of one zone, each with the right that it needs (empty for none)."""

    def __init__(self, zone: Zone, clock: Callable[[], float] = time.monotonic) -> None:
        self._zone = zone
        self._clock = clock
        read, edit = "dns_records:read", "dns_records:edit"
        table: dict[tuple[str, str], tuple[str, Handler]] = {
            ("GET", "/zones"): ("zone:read", self._zones),
            ("GET", r"/zones/(?P<zone>[^/]+)"): ("zone:read", self._one_zone),
            ("GET", _RECORDS): (read, self._list),
            ("POST", _RECORDS): (edit, self._post),
            ("POST", f"{_RECORDS}/batch"): (edit, self._batch),
            ("GET", f"{_RECORDS}/(?P<record>[^/]+)"): (read, self._get),
            ("PATCH", f"{_RECORDS}/(?P<record>[^/]+)"): (edit, self._one("patches")),
            ("PUT", f"{_RECORDS}/(?P<record>[^/]+)"): (edit, self._one("puts")),
            ("DELETE", f"{_RECORDS}/(?P<record>[^/]+)"): (edit, self._delete),
            ("GET", r"/zones/(?P<zone>[^/]+)/load_balancers"): ("load_balancers:read", self._balancers),
        }
        self._table = [(method, re.compile(_BASE + path), entry) for (method, path), entry in table.items()]

    def answer(self, token: Token, method: str, path: str, query: Mapping[str, str], body: object) -> Reply:
        """Return the answer to a request.

        Raises:
            ApiError: There is no such path or object, the token may not do that, or the request is wrong.
        """
        if (method, path) == ("GET", f"{_BASE}/user/tokens/verify"):
            return Reply({"id": token.id, "status": "active"})
        for known, pattern, (right, handler) in self._table:
            found = pattern.fullmatch(path) if known == method else None
            if found is None:
                continue
            ids = found.groupdict()
            if not all(_ID.fullmatch(one) for one in ids.values()):
                raise no_route(path)
            if ids.get("zone", self._zone.id) != self._zone.id:
                # A zone of somebody else, or of nobody: the service does not say which.
                raise ApiError(403, 9109, "Unauthorized to access requested resource")
            require(token, right)
            return handler(Asked(ids, query, body))
        raise no_route(path)

    def _zones(self, asked: Asked) -> Reply:
        is_meant = asked.query.get("name", self._zone.name) == self._zone.name
        total = int(is_meant)
        # The SDK asks for pages until one is empty.
        found = [self._shown()] if is_meant and asked.query.get("page", "1") == "1" else []
        return Reply(
            found, {"page": 1, "per_page": 20, "count": len(found), "total_count": total, "total_pages": total}
        )

    def _one_zone(self, _asked: Asked) -> Reply:
        return Reply(self._shown())

    def _shown(self) -> dict[str, Any]:
        return {"id": self._zone.id, "name": self._zone.name, "status": "active", "type": "full", "paused": False}

    def _list(self, asked: Asked) -> Reply:
        page = listed(self._zone.records(), asked.query)
        return Reply([record.as_json() for record in page.shown], page.info)

    def _get(self, asked: Asked) -> Reply:
        return Reply(self._zone.record(asked.ids["record"]).as_json())

    def _post(self, asked: Asked) -> Reply:
        done = self._zone.change({"posts": [asked.body]}, self._clock())
        return Reply(done["posts"][0].as_json())

    def _one(self, part: str) -> Handler:
        def change(asked: Asked) -> Reply:
            body = dict(as_mapping(asked.body)) | {"id": asked.ids["record"]}
            return Reply(self._zone.change({part: [body]}, self._clock())[part][0].as_json())

        return change

    def _delete(self, asked: Asked) -> Reply:
        self._zone.change({"deletes": [{"id": asked.ids["record"]}]}, self._clock())
        return Reply({"id": asked.ids["record"]})

    def _batch(self, asked: Asked) -> Reply:
        done = self._zone.change(as_mapping(asked.body), self._clock())
        return Reply({part: [record.as_json() for record in records] for part, records in done.items()})

    def _balancers(self, _asked: Asked) -> Reply:
        return Reply([one.as_json() for one in self._zone.load_balancers])
