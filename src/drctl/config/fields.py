"""Kinds of values in drctl.yaml: what each looks like, in words that a mistake can quote."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
HOSTNAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
RECORD_NAME = r"^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"
HEADER = r"^[A-Za-z0-9-]+$"
URL_PATH = r"^/[^\s#]*$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"

EXPECTED_BY_PATTERN = {
    NAME: "lower-case letters, digits and hyphens, 63 at most",
    HOSTNAME: "a full host name in lower case, without a dot at the end, such as shop.example.com",
    RECORD_NAME: "a full host name in lower case, without a dot at the end, such as shop.example.com",
    HEADER: "the name of an HTTP header, such as X-Region",
    URL_PATH: "a path of the public name that begins with /, such as /healthz",
    VARIABLE: "the name of an environment variable, such as NATS_PASSWORD",
}

Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, StringConstraints(min_length=1)]
Hostname = Annotated[str, StringConstraints(pattern=HOSTNAME, max_length=253)]
RecordName = Annotated[str, StringConstraints(pattern=RECORD_NAME, max_length=253)]
Header = Annotated[str, StringConstraints(pattern=HEADER)]
UrlPath = Annotated[str, StringConstraints(pattern=URL_PATH)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE)]
# Strict, because YAML's `yes` would else be the port 1.
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
HttpStatus = Annotated[int, Field(strict=True, ge=100, le=599)]
Count = Annotated[int, Field(strict=True, ge=0)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=7 * 86400, allow_inf_nan=False)]
Minutes = Annotated[float, Field(strict=True, gt=0, le=7 * 1440, allow_inf_nan=False)]
Hours = Annotated[float, Field(strict=True, gt=0, le=366 * 24, allow_inf_nan=False)]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise mistake("is no IP address", "Give an IPv4 or IPv6 address, such as 192.0.2.10.") from None


def _server(text: str) -> str:
    """Return `address:port`; the port of DNS where none is given."""
    host, port = _address_and_port(text)
    try:
        address = ipaddress.ip_address(host)
        number = int(port)
    except ValueError:
        number, address = 0, None
    if address is None or not 0 < number < 65536:
        # By address only: finding a name server by its name needs a name server.
        raise mistake("is no address:port", "Give an IP address and a port, such as 192.0.2.53:53.")
    return f"[{address}]:{number}" if address.version == 6 else f"{address}:{number}"


def _address_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":") or "53"
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, "53"


def _nats_urls(text: str) -> str:
    for one in text.split(","):
        _url(one, ("nats", "tls"), "nats://nats.eu-west.example.com:4222")
    return text


def _http_url(text: str) -> str:
    return _url(text, ("https", "http"), "https://route53.amazonaws.com")


def _url(text: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(text)
        host, scheme = parts.hostname, parts.scheme
        _ = parts.port
    except ValueError:
        host, scheme, parts = None, "", urlsplit("")
    if parts.username is not None or parts.password is not None:
        raise mistake(
            "has a user or a password in it",
            "Take them out of the address; give `user:`, and the password as {file: PATH} or {env: NAME}.",
            kind=LITERAL_SECRET,
        )
    if not host or scheme not in schemes:
        raise mistake(f"is no {' or '.join(schemes)} address", f"Give one such as {example}.")
    return text


def _from_folder(path: Path, info: ValidationInfo) -> Path:
    """Return a path as the file means it: `~` is a home, and what is relative starts at the file's folder."""
    path = path.expanduser()
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if folder is not None else path


LITERAL_SECRET = "literal_secret"  # noqa: S105 - the name of a kind of mistake


def mistake(message: str, remedy: str, kind: str = "drctl") -> PydanticCustomError:
    """Return an error for pydantic to collect, with a remedy of its own."""
    # Braces would be taken for fields of a template.
    return PydanticCustomError(kind, "{message}", {"message": message, "remedy": remedy})


Address = Annotated[str, AfterValidator(_address)]
Server = Annotated[str, AfterValidator(_server)]
NatsUrls = Annotated[str, AfterValidator(_nats_urls)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
FilePath = Annotated[Path, AfterValidator(_from_folder)]
