"""How a request over the wire can end without an answer. Internal: `translate` turns these into core errors."""

from __future__ import annotations


class WireError(Exception):
    """A request ended without an answer."""


class NotSentError(WireError):
    """There was no connection; nothing left this process."""


class ConnectionClosedError(NotSentError):
    """Drctl itself has closed the connection: its command is at its end."""


class LoginRefusedError(WireError):
    """The server did not accept the credentials; nothing was sent."""


class NoAnswerError(WireError):
    """The request left, or may have left, and nothing came back. What became of it is unknown."""


class ConnectionLostError(NoAnswerError):
    """As `NoAnswerError`, and at once: the connection broke while the answer was awaited."""


class NobodyListensError(WireError):
    """The server answered that nobody takes this subject: nothing happened."""


class ForbiddenError(WireError):
    """The server did not let this user publish or subscribe: nothing happened."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject
