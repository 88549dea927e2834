"""What the server refuses, as `Status` objects. Wordings measured on kube-apiserver 1.36.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drctl.lab.kube_api.kinds import Kind
    from drctl.lab.kube_api.objects import JsonObject


_NO_PATCH = "415: Unsupported Media Type"


class ApiError(Exception):
    """A refusal that the client sees as a `Status`. `retry_after` is in seconds."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: JsonObject | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after

    def body(self) -> JsonObject:
        """Return the Status object."""
        status: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        details = dict(self.details) if self.details is not None else None
        if self.retry_after is not None:
            details = (details or {}) | {"retryAfterSeconds": self.retry_after}
        if details is not None:
            status["details"] = details
        return status | {"code": self.code}


class UnknownPathError(Exception):
    """A group or version that is not served: `404 page not found` as text/plain, no Status."""


def _details(kind: Kind, name: str) -> JsonObject:
    details: JsonObject = {"name": name} if name else {}
    if kind.group:
        details["group"] = kind.group
    return details | {"kind": kind.plural}


def not_found(kind: Kind, name: str) -> ApiError:
    """No such object."""
    return ApiError(404, "NotFound", f'{kind.qualified} "{name}" not found', _details(kind, name))


def unknown_resource() -> ApiError:
    """The group is served, the resource is not."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(kind: Kind, name: str) -> ApiError:
    """A create of something that is there."""
    return ApiError(409, "AlreadyExists", f'{kind.qualified} "{name}" already exists', _details(kind, name))


def conflict(kind: Kind, name: str) -> ApiError:
    """A write with a stale resourceVersion."""
    message = (
        f'Operation cannot be fulfilled on {kind.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, _details(kind, name))


def failed_precondition(kind: Kind, name: str, why: str) -> ApiError:
    """A delete whose precondition does not hold."""
    message = f'Operation cannot be fulfilled on {kind.qualified_name} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(kind, name) | {"kind": kind.name})


def another_uid(kind: Kind, part: str, name: str, wanted: str, present: str) -> ApiError:
    """A write to a subresource of an object that was deleted and made anew."""
    what, group = f"{kind.plural}/{part}", f".{kind.group}" if kind.group else ""
    message = (
        f'Operation cannot be fulfilled on {what}{group} "{name}": '
        f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {present}"
    )
    return ApiError(409, "Conflict", message, _details(kind, name) | {"kind": what})


def no_name(name: str) -> ApiError:
    """A PUT of something without a name."""
    return bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")


def invalid(what: str, name: str, field: str, problem: str, *, reason: str = "FieldValueInvalid") -> ApiError:
    """A value that validation refuses. `what` is `Kind.group`, or `plural.group` where storage refuses."""
    kind, _, group = what.partition(".")
    details: JsonObject = {"name": name} if name else {}
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details["causes"] = [{"reason": reason, "message": problem, "field": field}]
    return ApiError(422, "Invalid", f'{what} "{name}" is invalid: {field}: {problem}', details)


def rejected() -> ApiError:
    """A JSON patch that does not apply."""
    return ApiError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def bad_request(message: str) -> ApiError:
    """A request that cannot be understood."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """No token, or one that nobody knows."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """The resource has no such verb."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type(message: str = _NO_PATCH) -> ApiError:
    """A body in a format that this resource does not take, or (the words as given) no format of a patch at all."""
    details: JsonObject | None = {} if message == _NO_PATCH else None
    return ApiError(415, "UnsupportedMediaType", message, details)


def not_acceptable(message: str) -> ApiError:
    """An `Accept` that cannot be served."""
    return ApiError(406, "NotAcceptable", message)


def too_large_version(version: int, current: int) -> ApiError:
    """A read at a resourceVersion from the future."""
    details: JsonObject = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
    }
    message = f"Timeout: Too large resource version: {version}, current: {current}"
    return ApiError(504, "Timeout", message, details, retry_after=1)


def expired(version: int, oldest: int) -> ApiError:
    """A watch from a version that is forgotten."""
    return ApiError(410, "Expired", f"too old resource version: {version} ({oldest})")


def internal(message: str) -> ApiError:
    """The server's own error."""
    return ApiError(500, "InternalError", f"Internal error occurred: {message}")
