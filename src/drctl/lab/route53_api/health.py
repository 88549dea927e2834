"""Health checks. What has an address is looked at by `checkers`; of the others a test sets the outcome."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

from drctl.lab.route53_api.model import ApiError


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check. `endpoint_ok` is what the checkers would see; new checks are healthy (dns.md 2.6)."""

    id: str
    caller_reference: str
    type: str
    settings: tuple[tuple[str, str], ...] = ()
    version: int = 1
    inverted: bool = False
    disabled: bool = False
    endpoint_ok: bool = True

    @property
    def is_healthy(self) -> bool:
        """A disabled check always counts as healthy (dns.md 2.1); an inverted one means the opposite."""
        return self.disabled or (self.endpoint_ok != self.inverted)


@dataclass
class HealthChecks:
    """All of an account's health checks."""

    _checks: dict[str, HealthCheck] = field(default_factory=dict)

    def create(self, caller_reference: str, check_type: str, settings: dict[str, str]) -> HealthCheck:
        """Make a check.

        Raises:
            ApiError: HealthCheckAlreadyExists, the caller reference was used.
        """
        if any(check.caller_reference == caller_reference for check in self._checks.values()):
            raise ApiError(409, "HealthCheckAlreadyExists", f"A health check was created with {caller_reference}")
        check = HealthCheck(str(uuid.uuid4()), caller_reference, check_type)
        self._checks[check.id] = _with(check, settings)
        return self._checks[check.id]

    def get(self, check_id: str) -> HealthCheck:
        """Return a check.

        Raises:
            ApiError: NoSuchHealthCheck.
        """
        if check_id not in self._checks:
            raise ApiError(404, "NoSuchHealthCheck", f"No health check exists with the specified ID: {check_id}")
        return self._checks[check_id]

    def update(self, check_id: str, expected_version: int | None, settings: dict[str, str]) -> HealthCheck:
        """Change a check, if it is still at the version that the caller saw (where one is given).

        Raises:
            ApiError: NoSuchHealthCheck, HealthCheckVersionMismatch.
        """
        check = self.get(check_id)
        if expected_version is not None and expected_version != check.version:
            raise ApiError(409, "HealthCheckVersionMismatch", f"{check_id} is at version {check.version}")
        self._checks[check_id] = replace(_with(check, settings), version=check.version + 1)
        return self._checks[check_id]

    def followed(self) -> tuple[HealthCheck, ...]:
        """Return the checks that have something to look at: an address and a port, or a routing control."""
        return tuple(
            check
            for check in self._checks.values()
            if check.type == "RECOVERY_CONTROL" or {"IPAddress", "Port"} <= {name for name, _ in check.settings}
        )

    def set_endpoint(self, check_id: str, *, ok: bool) -> None:
        """Decide what the checkers see from now on."""
        self._checks[check_id] = replace(self.get(check_id), endpoint_ok=ok)

    def is_healthy(self, check_id: str) -> bool:
        """Say whether record sets with this check are answered."""
        return self.get(check_id).is_healthy


def _with(check: HealthCheck, settings: dict[str, str]) -> HealthCheck:
    return replace(
        check,
        inverted=settings.get("Inverted", "true" if check.inverted else "") == "true",
        disabled=settings.get("Disabled", "true" if check.disabled else "") == "true",
        settings=tuple(sorted((dict(check.settings) | settings).items())),
    )
