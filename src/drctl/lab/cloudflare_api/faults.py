"""Bad days of the API, set from outside by `POST /faults`. The form is that of the other stand-ins."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_LAG_SECONDS = (0.1, 0.25)
_USUAL_CODE = {400: 9207, 401: 10000, 403: 10000, 404: 7003, 429: 10100}
_USUAL_STATUS = {10100: 429, 10000: 403, 9109: 403}
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong until something else is set.

    Attributes:
        only: `reads`, `writes` or the last part of a path when all others are spared; empty means all requests.
        latency_seconds: Waited before each request is looked at.
        fail_next: How many requests are refused; None with a `status` or `code` means all of them.
        status: The refusal's HTTP status; 0 means the usual one of `code`. From 500 on the body is no JSON.
        code: The refusal's code; 0 means the usual one of `status`.
        retry_after_seconds: What a refusal with 429 says in its header.
        unsuccessful_next: How many requests are answered `success: false` with HTTP 200, and not done.
        drop_after_apply_next: How many writes are applied and then not answered: the connection is cut.
        hang: No request is answered or applied; those that wait are cut when this is cleared.
        lag_seconds: How long each name server lags, one number for both or a list of two; None means the default.
    """

    only: str = ""
    latency_seconds: float = 0.0
    fail_next: int | None = None
    status: int = 0
    code: int = 0
    retry_after_seconds: int = 30
    unsuccessful_next: int = 0
    drop_after_apply_next: int = 0
    hang: bool = False
    lag_seconds: tuple[float, float] | None = None

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

    def is_about(self, method: str, path: str) -> bool:
        """Say whether such a request is struck."""
        return self.only in {"", "reads" if method == "GET" else "writes", path.rpartition("/")[2]}

    @property
    def refuses(self) -> bool:
        """Say whether the next request is refused."""
        if self.fail_next is not None:
            return self.fail_next > 0
        return bool(self.status or self.code)

    @property
    def refusal(self) -> tuple[int, int]:
        """Return the refusal's HTTP status and code."""
        status = self.status or _USUAL_STATUS.get(self.code, 400 if self.code else _UNAVAILABLE)
        return status, self.code or _USUAL_CODE.get(status, 0)


class FaultBox:
    """The faults in force. Counting ones are used up. Belongs to one event loop."""

    def __init__(self, lag_seconds: tuple[float, float] = USUAL_LAG_SECONDS) -> None:
        self.faults = Faults()
        self._usual_lag = lag_seconds
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def lag_seconds(self) -> tuple[float, float]:
        """Return how long each name server lags now."""
        return self._usual_lag if self.faults.lag_seconds is None else self.faults.lag_seconds

    def set(self, faults: Faults) -> None:
        """Put other faults in force."""
        self.faults = faults
        if faults.hang:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def hold_while_hanging(self, method: str, path: str) -> bool:
        """Return at once, or when the hanging ends; say whether there was any."""
        if self._flowing.is_set() or not self.faults.is_about(method, path):
            return False
        await self._flowing.wait()
        return True

    def take_refusal(self, method: str, path: str) -> tuple[int, int] | None:
        """Return how to refuse this request (200 for `success: false`), or None to go on."""
        faults = self.faults
        if not faults.is_about(method, path):
            return None
        if faults.unsuccessful_next > 0:
            self.faults = replace(faults, unsuccessful_next=faults.unsuccessful_next - 1)
            return 200, faults.code or 9207
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
