"""Expected failures. Each says what is wrong, and carries a remedy and an exit code.

Raise low, translate once per boundary: adapters turn a vendor's errors into the kinds below, and nothing
above an adapter knows a vendor's exception.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell (product.md, section 3)."""

    DONE = 0
    BUG = 1
    USAGE = 2
    BLOCKED = 3
    PAUSED = 4
    CONSENT_MISSING = 5
    CONTRACT_UNPROVEN = 6
    LOCKED = 7
    CHANGES_PENDING = 8
    DRIFTED = 9
    LEFT_OPEN = 10
    OUTCOME_UNKNOWN = 11
    HALTED = 12
    INTERRUPTED = 130


_PRECEDENCE = (
    ExitCode.BUG,
    ExitCode.USAGE,
    ExitCode.HALTED,
    ExitCode.LOCKED,
    ExitCode.DRIFTED,
    ExitCode.OUTCOME_UNKNOWN,
    ExitCode.PAUSED,
    ExitCode.BLOCKED,
    ExitCode.CONSENT_MISSING,
    ExitCode.CONTRACT_UNPROVEN,
    ExitCode.LEFT_OPEN,
    ExitCode.INTERRUPTED,
    ExitCode.CHANGES_PENDING,
    ExitCode.DONE,
)


def first_that_counts(codes: frozenset[ExitCode]) -> ExitCode:
    """Return the one code to exit with when several hold; DONE for none."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.DONE)


class DrctlError(Exception):
    """An expected failure: shown without a traceback.

    Attributes:
        code: A stable word for scripts and for the runbook page, such as `lock-held`.
        message: What is wrong, where, with names and numbers.
        remedy: What to do next, as an imperative sentence with a command.
        exit_code: What the command exits with when nothing catches this.
    """

    code = "error"
    exit_code = ExitCode.PAUSED

    def __init__(self, message: str, *, remedy: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        if code is not None:
            self.code = code


class ConfigError(DrctlError):
    """The configuration or the command line cannot be used; `problems` has every mistake at once."""

    code = "config-invalid"
    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, problems: tuple[str, ...] = (), remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.problems = problems


class BlockedError(DrctlError):
    """Findings stand in the way; none of them was accepted."""

    code = "blocked"
    exit_code = ExitCode.BLOCKED


class ConsentMissingError(DrctlError):
    """Somebody must agree and nobody did."""

    code = "consent-missing"
    exit_code = ExitCode.CONSENT_MISSING


class LockHeldError(DrctlError):
    """Another run holds the lock."""

    code = "lock-held"
    exit_code = ExitCode.LOCKED


class LockLostError(DrctlError):
    """The lock was held and is no longer; nothing may be written."""

    code = "lock-lost"
    exit_code = ExitCode.LOCKED


class DriftError(DrctlError):
    """The world is no longer what was confirmed."""

    code = "drifted"
    exit_code = ExitCode.DRIFTED


class InvariantError(DrctlError):
    """A safety invariant does not hold: the run stops before its next phase."""

    code = "invariant-broken"
    exit_code = ExitCode.PAUSED


class StepFailedError(DrctlError):
    """A step ended failed; the run is paused and resumable."""

    code = "step-failed"
    exit_code = ExitCode.PAUSED


class InterruptedRunError(DrctlError):
    """The operator interrupted; the run is paused and resumable."""

    code = "interrupted"
    exit_code = ExitCode.INTERRUPTED


# What adapters raise.


class AdapterError(DrctlError):
    """A vendor said no, or said nothing."""

    code = "vendor-error"


class UnreachableError(AdapterError):
    """A read got no answer: nothing is known, and nothing was written."""

    code = "unreachable"


class OutcomeUnknownError(AdapterError):
    """A write got no answer: it may or may not have happened. Look again; never repeat it blindly."""

    code = "outcome-unknown"
    exit_code = ExitCode.OUTCOME_UNKNOWN


class ConflictError(AdapterError):
    """Somebody else wrote in between: the precondition of a write did not hold, and nothing was written."""

    code = "conflict"


class NotFoundError(AdapterError):
    """The named thing does not exist."""

    code = "not-found"


class DeniedError(AdapterError):
    """The vendor does not allow this identity to do that."""

    code = "denied"


class RefusedError(AdapterError):
    """The vendor refused for good; the same request would be refused again. Nothing was written."""

    code = "refused"


class ThrottledError(AdapterError):
    """The vendor asks for patience or is failing; nothing was written. The same request may work later."""

    code = "throttled"
