"""Where a person decides: the typed consent, and the question before each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drctl.app.run import Agreed
from drctl.core.errors import BlockedError, ConfigError, ConsentMissingError
from drctl.core.finding import ACCEPTABLE
from drctl.core.loss import stated_loss
from drctl.core.names import near
from drctl.planning.emergency import DATA_LOSS
from drctl.ports.gate import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from drctl.app.prepare import Prepared
    from drctl.cli.screen import Screen
    from drctl.core.change import Diff
    from drctl.ports.gate import Lame, Question


_CHANGES_SHOWN = 12


class OpenGate:
    """Asks nothing of what was agreed to; asks about degraded steps. `before` makes room on the screen."""

    def __init__(self, screen: Screen, before: Callable[[], None] = lambda: None) -> None:
        self._screen = screen
        self._before = before

    def allows(self, question: Question) -> Answer:  # noqa: ARG002 - it never looks
        """Say run."""
        return Answer.RUN

    def goes_on(self, without: tuple[Lame, ...]) -> bool:
        """Show what stays undone and what that breaks; only yes is yes."""
        if not self._screen.can_ask:
            return False
        self._before()
        err = self._screen.err
        for lame in without:
            err.print(f"\n{lame.ref} is not done: {lame.why}", markup=False)
            for words in lame.breaks:
                err.print(f"  {words}", markup=False)
        return err.input("go on without, and leave it open? yes or no: ").strip().lower() in {"y", "yes"}


class AskingGate(OpenGate):
    """Asks before each step, too. No means stop, resumable; it never means skip."""

    def allows(self, question: Question) -> Answer:
        """Return what the operator says; `diff` and `why` tell more and ask again, and so does what is no answer."""
        err = self._screen.err
        err.print(f"\n{question.step_id}: {question.title}", style="bold", markup=False)
        self._show(question.diff, _CHANGES_SHOWN)
        while True:
            try:
                said = err.input("run, diff, why, pause or quit? ").strip().lower()
            except EOFError:
                # Who hung up or pressed Ctrl-D agreed to nothing; what was done so far can be taken up.
                err.print()
                return Answer.PAUSE
            if said and "diff".startswith(said):
                self._show(question.diff, len(question.diff.changes))
            elif said and "why".startswith(said):
                err.print(f"  {question.why}", markup=False)
            for answer in Answer:
                if said and answer.value.startswith(said):
                    return answer

    def _show(self, diff: Diff, most: int) -> None:
        err = self._screen.err
        for change in diff.changes[:most]:
            err.print(f"  {change.object} {change.field}: {change.before} -> {change.after}", markup=False)
        if not diff.changes:
            err.print("  nothing to change")
        if (left := len(diff.changes) - most) > 0:
            err.print(f"  and {left} more: `diff` shows all")


def require_questions(screen: Screen, *, step: bool) -> None:
    """Return if `--step` has somebody to ask; to be called before the lock.

    Raises:
        ConsentMissingError: There is no terminal.
    """
    if step and not screen.can_ask:
        message = "--step asks before each step, and there is no terminal to ask."
        raise ConsentMissingError(message, remedy="Run it in a terminal, or leave out --step.")


def require_known(prepared: Prepared, accept: tuple[str, ...]) -> None:
    """Return if every accepted code is one that a finding may have.

    Raises:
        ConfigError: One is not: it would be on the record as a risk that somebody took.
    """
    known = ACCEPTABLE | {finding.code for finding in prepared.findings if finding.acceptable}
    if unknown := [code for code in accept if code not in known]:
        raise ConfigError(
            f"--accept {unknown[0]}: no finding that can be accepted has this code.",
            remedy=f"Choose of {', '.join(near(unknown[0], known))}.",
        )


def require_clear(prepared: Prepared) -> None:
    """Return if nothing stands in the way that nobody can accept.

    Raises:
        BlockedError: Something does; the message has all of it.
    """
    final = prepared.final
    if final:
        message = "\n".join(finding.message for finding in final)
        raise BlockedError(message, remedy=final[0].remedy, code=final[0].code)


def consent(prepared: Prepared, screen: Screen, confirm: str, accept: tuple[str, ...]) -> Agreed:
    """Return how the operator agreed, by flags or by typing.

    Raises:
        ConsentMissingError: Nobody agreed; the message names every flag that was missing.
    """
    plan, accepted = prepared.plan, frozenset(accept)
    missing = prepared.missing(accepted)
    if confirm:
        _require_meant(plan.title, confirm)
        if missing:
            raise ConsentMissingError(
                "these findings were not accepted:\n"
                + "\n".join(f"  {finding.code}: {finding.message}" for finding in missing),
                remedy=f"Add {' '.join(f'--accept {code}' for code in _codes(prepared, accepted))}.",
            )
        return Agreed("--confirm", tuple(sorted(accepted)))
    if not screen.can_ask:
        flags = " ".join([f'--confirm "{plan.title}"', *(f"--accept {code}" for code in _codes(prepared, accepted))])
        raise ConsentMissingError("there is no terminal to ask, and no consent was given.", remedy=f"Give {flags}.")
    _require_typed(plan.title, screen)
    if any(finding.code == DATA_LOSS for finding in prepared.findings):
        _require_typed(stated_loss(prepared.losses), screen, "what may be lost")
    shown = {finding.code for finding in prepared.findings if finding.acceptable}
    return Agreed("typed", tuple(sorted(accepted | shown)))


def agree(title: str, screen: Screen, confirm: str) -> None:
    """Return if the operator agreed, by flag or by typing, to something that has no findings.

    Raises:
        ConsentMissingError: Nobody agreed.
    """
    if confirm:
        _require_meant(title, confirm)
    elif screen.can_ask:
        _require_typed(title, screen)
    else:
        message = "there is no terminal to ask, and no consent was given."
        raise ConsentMissingError(message, remedy=f'Give --confirm "{title}".')


def _require_meant(title: str, confirm: str) -> None:
    if confirm != title:
        raise ConsentMissingError(
            f"--confirm says {confirm!r}; this run is {title!r}.",
            remedy=f"If that is meant, give --confirm {title!r}.",
        )


def _require_typed(wanted: str, screen: Screen, what: str = "") -> None:
    says = f", {what}," if what else ""
    try:
        said = screen.err.input(f"\nType [bold]{wanted}[/]{says} to go on, anything else to stop: ")
    except EOFError:
        screen.err.print()
        said = ""
    if said.strip() != wanted:
        raise ConsentMissingError("declined: nothing was written.", remedy="Run the command again when you are sure.")


def _codes(prepared: Prepared, accepted: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted({finding.code for finding in prepared.missing(accepted)}))
