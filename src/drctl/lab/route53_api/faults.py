"""Bad days of the control plane, set from outside by `POST /faults`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from drctl.lab.route53_api.account import Delays

if TYPE_CHECKING:
    from collections.abc import Mapping

_USUAL_STATUS = {
    "Throttling": 400,
    "PriorRequestNotComplete": 400,
    "AccessDenied": 403,
    "InvalidClientTokenId": 403,
    "InternalError": 500,
}
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong until something else is set.

    Attributes:
        latency_seconds: Waited before each request is looked at.
        fail_next: How many requests are refused; None with a `status` or `code` means all of them.
        status: The refusal's HTTP status; 0 means the usual one of `code`.
        code: The refusal's code; empty means ServiceUnavailable.
        drop_after_apply_next: How many writes are applied and then not answered: the connection is cut.
        hang: No request is answered or applied; those that wait are cut when this is cleared.
        pending_seconds: How long a change stays PENDING; None means the default.
        lag_seconds: How long each name server lags, one number for both or a list of two; None means the default.
        old_error_form: InvalidChangeBatch is sent in its old form, without a code.
    """

    latency_seconds: float = 0.0
    fail_next: int | None = None
    status: int = 0
    code: str = ""
    drop_after_apply_next: int = 0
    hang: bool = False
    pending_seconds: float | None = None
    lag_seconds: tuple[float, float] | None = None
    old_error_form: bool = False

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Faults:
        """Return the faults that a JSON object names; those that it does not name are off.

        Raises:
            ValueError: A name that is none of these.
        """
        known = {one.name for one in fields(cls)}
        unknown = sorted(set(body) - known)
        if unknown:
            msg = f"unknown fault {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            raise ValueError(msg)
        lag = body.get("lag_seconds")
        if isinstance(lag, int | float):
            lag = (lag, lag)
        return cls(**{**body, "lag_seconds": None if lag is None else (float(lag[0]), float(lag[1]))})

    @property
    def refuses(self) -> bool:
        """Say whether the next request is refused."""
        if self.fail_next is not None:
            return self.fail_next > 0
        return bool(self.status or self.code)

    @property
    def refusal(self) -> tuple[int, str]:
        """Return the refusal's HTTP status and code."""
        code = self.code or "ServiceUnavailable"
        return (self.status or _USUAL_STATUS.get(code, _UNAVAILABLE), code)

    def delays(self, usual: Delays) -> Delays:
        """Return how long changes take under these faults."""
        return Delays(
            usual.pending_seconds if self.pending_seconds is None else self.pending_seconds,
            usual.lag_seconds if self.lag_seconds is None else self.lag_seconds,
        )


class FaultBox:
    """The faults in force. Counting ones are used up. Belongs to one event loop."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def set(self, faults: Faults) -> None:
        """Put other faults in force."""
        self.faults = faults
        if faults.hang:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def hold_while_hanging(self) -> bool:
        """Return at once, or when the hanging ends; say whether there was any."""
        if self._flowing.is_set():
            return False
        await self._flowing.wait()
        return True

    def take_refusal(self) -> tuple[int, str] | None:
        """Return how to refuse this request, or None to go on."""
        faults = self.faults
        if not faults.refuses:
            return None
        if faults.fail_next is not None:
            self.faults = replace(faults, fail_next=faults.fail_next - 1)
        return faults.refusal

    def take_drop(self) -> bool:
        """Say whether the answer to this write, now applied, gets lost."""
        if self.faults.drop_after_apply_next <= 0:
            return False
        self.faults = replace(self.faults, drop_after_apply_next=self.faults.drop_after_apply_next - 1)
        return True
