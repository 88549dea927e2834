"""Calls without an answer: what their errors say of whether anything was sent."""

from __future__ import annotations

import ssl

from botocore import exceptions as sdk

NO_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.ProfileNotFound,
    sdk.TokenRetrievalError,
    sdk.SSOError,
    sdk.MetadataRetrievalError,
    sdk.RefreshWithMFAUnsupportedError,
)
WRONG_BEFORE_SENDING = (sdk.ParamValidationError, sdk.InvalidRegionError, sdk.UnknownEndpointError)
_NO_CONNECTION = (sdk.ConnectTimeoutError, sdk.EndpointConnectionError, sdk.ProxyConnectionError)


def never_sent(error: Exception) -> bool:
    """Say whether a failed call provably never sent its request: no connection, or no trust in who answered."""
    if isinstance(error, _NO_CONNECTION):
        return True
    # urllib3 has the same SSLError for a handshake and for a connection that breaks later.
    cause: BaseException | None = error
    seen: list[object] = []
    while cause is not None and cause not in seen:
        seen += [cause, *cause.args, *(getattr(arg, "reason", None) for arg in cause.args)]
        cause = cause.__cause__ or cause.__context__
    return any(isinstance(one, ssl.SSLCertVerificationError) for one in seen)
