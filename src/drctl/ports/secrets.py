"""A region's External Secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from drctl.core.lock import Stamp
    from drctl.core.observed import ObjectRef, SecretState
    from drctl.core.topology import Selector


class SecretsReader(Protocol):
    """Reads ExternalSecrets, never a secret's value."""

    def secrets(self, select: Selector) -> tuple[SecretState, ...]:
        """Return the ExternalSecrets that the selector means, ordered by name.

        Raises:
            UnreachableError: No answer within the adapter's timeout.
            DeniedError: Not allowed to list.
        """
        ...

    def secret(self, ref: ObjectRef) -> SecretState:
        """Return one ExternalSecret.

        Raises:
            NotFoundError: It does not exist.
            UnreachableError: No answer within the adapter's timeout.
        """
        ...


class SecretsWriter(Protocol):
    """Asks the operator for a sync now."""

    def force_sync(self, secret: SecretState, stamp: Stamp) -> None:
        """Annotate so that the operator syncs, if the object is still at `secret.resource_version`.

        Writes `force-sync: <run>-<epoch>-<attempt>` (a new attempt each time: a repeated value changes nothing),
        and beside it what the sync must differ from (`SecretState.synced_before`, `forced_after`) and the epoch.
        The resourceVersion precondition makes `synced_before` exact: the controller's own status write would
        have moved it (kubernetes.md 10.3, 10.4).

        Raises:
            ConflictError: Somebody wrote in between; nothing was written.
            OutcomeUnknownError: No answer; look again.
            NotFoundError, DeniedError, RefusedError, ThrottledError: As their names say; nothing was written.
        """
        ...
