"""Bad days on purpose: what `POST /faults` sets, and how requests go through it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from drctl.lab.kube_api.auth import DRCTL
from drctl.lab.kube_api.errors import ApiError

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

_REASONS = {
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden by an injected fault"),
    409: ("Conflict", "the object has been modified; please apply your changes to the latest version and try again"),
    429: ("TooManyRequests", "Too many requests, please try again later."),
    500: ("InternalError", "Internal error occurred: an injected fault"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "Timeout: request did not complete within the allotted duration"),
}


class CutError(Exception):
    """The connection is to be cut without an answer."""


@dataclass(slots=True)
class Faults:
    """One setting of faults; all clear by default.

    `latency_seconds` delays every answer. `fail_next` requests are answered with `status` (and a Retry-After of
    `retry_after` seconds; a 429 always has one) and not carried out; None means all, until the faults change.
    `hang` leaves requests without an answer, not carried out, until the faults change. `drop_after_apply_next`
    writes are carried out and their connection is cut.
    `only_methods` and `only_user` limit all of these; empty means every one. The user is drctl unless told
    otherwise, so that the lab's own hand and its ingress do not use up what is meant for it.
    """

    latency_seconds: float = 0.0
    fail_next: int | None = 0
    status: int = 503
    retry_after: int | None = None
    hang: bool = False
    drop_after_apply_next: int = 0
    only_methods: tuple[str, ...] = ()
    only_user: str = DRCTL

    @classmethod
    def read(cls, body: JsonObject) -> Faults:
        """Read `POST /faults`.

        Raises:
            ValueError: A name that is none of the fields.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(body.keys() - known):
            raise ValueError(f"unknown fault {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return cls(**body | {"only_methods": tuple(m.upper() for m in body.get("only_methods") or ())})


class FaultGate:
    """Every request passes it twice: before it is carried out and before it is answered."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._changed = asyncio.Event()

    def set(self, faults: Faults) -> None:
        """Replace the faults; requests that hang are cut."""
        self._faults = faults
        self._changed.set()
        self._changed = asyncio.Event()

    async def enter(self, method: str, user: str) -> None:
        """Delay, fail or hang a request before it is carried out.

        Raises:
            ApiError: The status that was asked for.
            CutError: It hung until the faults changed.
        """
        faults = self._faults
        if not _concerns(faults, method, user):
            return
        if faults.latency_seconds:
            await asyncio.sleep(faults.latency_seconds)
        if faults.hang:
            await self._changed.wait()
            raise CutError
        if faults.fail_next is None or faults.fail_next > 0:
            if faults.fail_next is not None:
                faults.fail_next -= 1
            raise _failure(faults)

    def leave(self, method: str, user: str) -> None:
        """Let a request that was carried out be answered.

        Raises:
            CutError: Its answer is to be lost.
        """
        faults = self._faults
        if faults.drop_after_apply_next > 0 and method != "GET" and _concerns(faults, method, user):
            faults.drop_after_apply_next -= 1
            raise CutError


def _failure(faults: Faults) -> ApiError:
    reason, message = _REASONS.get(faults.status, ("", f"an injected fault: {faults.status}"))
    retry_after = faults.retry_after
    if faults.status == 429 and retry_after is None:
        retry_after = 1  # as API priority and fairness answers
    return ApiError(faults.status, reason, message, retry_after=retry_after)


def _concerns(faults: Faults, method: str, user: str) -> bool:
    return (not faults.only_methods or method in faults.only_methods) and faults.only_user in {"", user}
