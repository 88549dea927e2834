"""Asking servers the same raw questions, and making their answers comparable."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import uuid
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contract.kubernetes.servers import Server

Json = dict[str, Any]

STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
METADATA_ONLY = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"

APPS = "/apis/apps/v1/namespaces/NS"
CORE = "/api/v1/namespaces/NS"
ESO = "/apis/external-secrets.io/v1/namespaces/NS"
API = f"{APPS}/deployments/api"
SCALE = f"{API}/scale"


@dataclass(frozen=True)
class Ask:
    """One raw request. `NS` in it is the namespace, `NOW` the newest resourceVersion that the story has seen.

    `user` is `admin`, `drctl`, `stranger` (a token that nobody knows) or `nobody` (no token).
    """

    method: str
    path: str
    body: object = None
    content_type: str = "application/json"
    accept: str = "application/json"
    user: str = "admin"
    query: Mapping[str, str] = field(default_factory=dict)


class Alike(Enum):
    """How far two answers must be the same.

    `WORDS`: everything but what is of the moment (uids, times, versions, which become names of their order).
    `OBJECTS`: the same without spec and status, where the real server fills in what drctl has no use for.
    `REASON`: status code, media type and reason; the words are those of Go's decoders.
    """

    WORDS = auto()
    OBJECTS = auto()
    REASON = auto()


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    asks: tuple[Ask, ...]
    alike: Alike = Alike.WORDS


def row(name: str, *asks: Ask, alike: Alike = Alike.WORDS) -> Row:
    """Write a line of the table."""
    return Row(name, asks, alike)


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    text: str
    retry_after: str | None


class Story:
    """Some requests, one after the other, in a namespace of their own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.namespace = f"n{uuid.uuid4().hex[:8]}"
        self.newest = ""
        self._told = _Told(self.namespace)
        split = urlsplit(server.url)
        context = ssl.create_default_context(cafile=str(server.ca_file))
        self._connection = http.client.HTTPSConnection(
            split.hostname or "", split.port or 0, timeout=10, context=context
        )

    def tell(self, row: Row) -> list[object]:
        """Ask, and return what matters of each answer.

        The namespace has the Deployments `api` (at zero) and `busy` (at three) and the ExternalSecret `one`.
        """
        with closing(self._connection):
            self._must(Ask("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}}))
            for body in (deployment("api"), deployment("busy", 3)):
                self._must(Ask("POST", f"{APPS}/deployments", body))
            self._must(Ask("POST", f"{ESO}/externalsecrets", external_secret("one")))
            self._must(Ask("GET", API))
            return [self._told.essence(self._ask(ask), row.alike) for ask in row.asks]

    def _must(self, ask: Ask) -> None:
        answer = self._ask(ask)
        assert answer.status < 300, answer.text
        self._told.essence(answer, Alike.WORDS)

    def _ask(self, ask: Ask) -> Answer:
        answer = self._send(ask)
        body = _parsed(answer.text)
        if isinstance(body, dict):
            self.newest = (body.get("metadata") or {}).get("resourceVersion") or self.newest
        return answer

    def _send(self, ask: Ask) -> Answer:
        tokens = {"admin": self._server.admin_token, "drctl": self._server.token, "stranger": "of-nobody"}
        headers = {"Accept": ask.accept, "User-Agent": "tester/1.0"}
        if ask.user in tokens:
            headers["Authorization"] = f"Bearer {tokens[ask.user]}"
        body: bytes | None = None
        if ask.body is not None:
            body = ask.body if isinstance(ask.body, bytes) else json.dumps(ask.body).encode()
            body = body.replace(b"NS", self.namespace.encode()).replace(b"NOW", self.newest.encode())
            headers["Content-Type"] = ask.content_type
        query = {key: value.replace("NOW", self.newest) for key, value in ask.query.items()}
        target = quote(ask.path.replace("NS", self.namespace), safe="/%")
        self._connection.request(ask.method, f"{target}?{urlencode(query)}" if query else target, body, headers)
        answer = self._connection.getresponse()
        media_type = (answer.headers.get("Content-Type") or "").partition(";")[0]
        return Answer(answer.status, media_type, answer.read().decode(), answer.headers.get("Retry-After"))


class _Told:
    """Turns answers into values that can be compared: a uid becomes `uid 0`, a version `version 3`."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._versions: dict[str, str] = {}
        self._uids: dict[str, str] = {}

    def essence(self, answer: Answer, alike: Alike) -> object:
        """Return what of an answer must be the same on every server."""
        text = answer.text.replace(self._namespace, "NS").strip()
        documents = (
            [_parsed(text)] if isinstance(_parsed(text), dict) else [_parsed(line) for line in text.splitlines()]
        )
        if answer.media_type != "application/json" or not all(isinstance(one, dict) for one in documents):
            return answer.status, answer.media_type, text
        shown = [self._document(one, alike) for one in documents]
        return answer.status, answer.retry_after, shown

    def _document(self, body: Json, alike: Alike) -> object:
        if body.keys() == {"type", "object"}:
            return body["type"], self._document(body["object"], alike)
        if body.get("kind") == "Status":
            return body.get("reason") if alike is Alike.REASON else self._words(body)
        if "items" in body:
            metadata = body["metadata"]
            return {
                "kind": (body["apiVersion"], body["kind"]),
                "version": bool(metadata.get("resourceVersion")),
                "goes on": bool(metadata.get("continue")),
                "left": metadata.get("remainingItemCount"),
                "items": [self._object(item, alike) for item in body["items"] or ()],
            }
        return self._object(body, alike)

    def _object(self, item: Json, alike: Alike) -> object:
        metadata = {key: self._metadata(key, value) for key, value in (item.get("metadata") or {}).items()}
        if alike is Alike.WORDS:
            return item | {"metadata": metadata}
        return {"kind": item.get("kind"), "apiVersion": item.get("apiVersion"), "metadata": metadata}

    def _metadata(self, key: str, value: object) -> object:
        match key, value:
            case ("resourceVersion", str()):
                return self._versions.setdefault(value, f"version {len(self._versions)}")
            case ("uid", str()):
                return self._uids.setdefault(value, f"uid {len(self._uids)}")
            case ("creationTimestamp" | "deletionTimestamp", str()):
                return "a time"
            case ("managedFields", list()):
                return [_owner(entry) for entry in value]
            case _:
                return value

    def _words(self, status: Json) -> str:
        # `code` is kept apart: a server may be at version 409 when it answers 409.
        words = {key: value for key, value in status.items() if key not in {"metadata", "code"}}
        text = json.dumps(words, sort_keys=True)
        for known in (self._uids, self._versions):
            # The longest first: a version can be the beginning of another.
            for value, name in sorted(known.items(), key=lambda pair: -len(pair[0])):
                text = re.sub(rf"\b{re.escape(value)}\b", name, text)
        return f"{status.get('code')} " + re.sub(r"current: [\w ]+", "current: now", text)


def _parsed(text: str) -> Any:  # noqa: ANN401 - any JSON value, and text that is none
    try:
        return json.loads(text)
    except ValueError:
        return text


def _owner(entry: Json) -> object:
    """Return whose a managedFields entry is, whether it has a time, and whether `spec.replicas` is in it."""
    owns_replicas = "f:replicas" in (entry.get("fieldsV1") or {}).get("f:spec", {})
    words = (entry["manager"], entry["operation"], entry["apiVersion"], entry.get("subresource", ""))
    return *words, "time" in entry, owns_replicas


def deployment(name: str, replicas: int = 0) -> Json:
    labels = {"app": name, "team": "shop"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pod}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


def external_secret(name: str) -> Json:
    spec = {
        "refreshInterval": "1h0m0s",
        "refreshPolicy": "Periodic",
        "secretStoreRef": {"name": "store", "kind": "SecretStore"},
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": "password", "remoteRef": {"key": "shop"}}],
    }
    return {"kind": "ExternalSecret", "apiVersion": "external-secrets.io/v1", "metadata": {"name": name}, "spec": spec}
