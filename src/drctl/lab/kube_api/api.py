"""One request from its arrival to its answer: log, faults, who, may they, what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from drctl.lab.kube_api import errors, managed_fields, reading, writing
from drctl.lab.kube_api.audit import Entry
from drctl.lab.kube_api.cluster import Cluster, Part
from drctl.lab.kube_api.discovery import discover
from drctl.lab.kube_api.faults import CutError
from drctl.lab.kube_api.kinds import REVIEW_GROUPS, Kind, find_kind, is_built_in
from drctl.lab.kube_api.objects import Ref, timestamp
from drctl.lab.kube_api.rendering import negotiate, refuse, respond
from drctl.lab.kube_api.routing import Target, parse_target

if TYPE_CHECKING:
    from drctl.lab.kube_api.audit import Audit
    from drctl.lab.kube_api.auth import Gatekeeper, User
    from drctl.lab.kube_api.faults import FaultGate
    from drctl.lab.kube_api.objects import JsonObject

_HEALTH = {("readyz",), ("livez",), ("healthz",)}
_PUBLIC = {*_HEALTH, ("version",)}


@dataclass(frozen=True, slots=True)
class Api:
    """The API server's front: everything that arrives goes through `handle`."""

    cluster: Cluster
    gatekeeper: Gatekeeper
    faults: FaultGate
    audit: Audit

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request; refusals are answers too."""
        body = await request.read()
        entry = Entry(
            method=request.method,
            path=request.path,
            query=request.query_string,
            content_type=request.content_type if body else "",
            dry_run=request.query.get("dryRun", ""),
            body="" if "/secrets" in request.path else body.decode(errors="replace"),
        )
        self.audit.add(entry)
        response: web.StreamResponse
        try:
            response = await self._answer(request, entry, body)
            self.faults.leave(request.method, entry.user)
        except errors.ApiError as exc:
            response = refuse(exc)
        except errors.UnknownPathError:
            response = web.Response(status=404, text="404 page not found\n")
        except CutError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        entry.status = response.status
        return response

    async def _answer(self, request: web.Request, entry: Entry, body: bytes) -> web.StreamResponse:
        parts = tuple(filter(None, request.path.split("/")))
        user = self.gatekeeper.authenticate(request.headers.get("Authorization"))
        entry.user = user.name
        await self.faults.enter(request.method, user.name)
        if parts in _HEALTH:
            return web.Response(text="ok")
        target = parse_target(parts)
        if target is None:
            if parts not in _PUBLIC:
                self.gatekeeper.require_discovery(user, request.path)
            return respond(discover(parts))
        self.gatekeeper.require(user, target.attributes(request.method, request.query))
        if REVIEW_GROUPS.get(target.group) == target.plural and request.method == "POST":
            return respond(self._review(target, user, _payload(request, body)), 201)
        kind = find_kind(target.group, target.version, target.plural)
        if kind is None:
            raise _unserved(target)
        if request.method == "GET":
            return await self._read(request, kind, target)
        status, answer = self._write(kind, target, _payload(request, body))
        view = negotiate(request.headers.get("Accept", ""), verb="get", kind=kind)
        return respond(answer if target.subresource == Part.SCALE.value else view.item(answer), status)

    async def _read(self, request: web.Request, kind: Kind, target: Target) -> web.StreamResponse:
        verb = target.verb(request.method, request.query)
        view = negotiate(request.headers.get("Accept", ""), verb=verb, kind=kind)
        namespace = target.namespace if kind.namespaced else ""
        if verb == "get":
            part = _part(kind, target)
            reading.require_version(self.cluster, request.query.get("resourceVersion", ""))
            found = self.cluster.get(Ref(kind, namespace, target.name), part)
            return respond(found if part is Part.SCALE else view.item(found))
        query = reading.Query.read(kind, namespace, request.query, view, target.name)
        if verb == "watch":
            return await reading.watch(self.cluster, query, request)
        return respond(reading.list_page(self.cluster, query))

    def _write(self, kind: Kind, target: Target, payload: writing.Payload) -> tuple[int, JsonObject]:
        part = _part(kind, target)
        namespace = target.namespace if kind.namespaced else ""
        ref = Ref(kind, namespace, target.name)
        if kind.namespaced and not namespace:
            raise errors.method_not_allowed()
        match payload.method, bool(target.name):
            case "POST", False:
                return 201, self.cluster.create(kind, namespace, payload.item(kind), payload.writer())
            case "PUT", True:
                return 200, self.cluster.replace(ref, payload.item(kind), payload.writer(), part)
            case "PATCH", True:
                return 200, writing.patch(self.cluster, ref, payload, part)
            case "DELETE", True if part is Part.MAIN:
                return 200, writing.delete(self.cluster, ref, payload)
            case _:
                raise errors.method_not_allowed()

    def _review(self, target: Target, user: User, payload: writing.Payload) -> JsonObject:
        if target.plural == "selfsubjectreviews":
            info = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
            metadata = {"creationTimestamp": timestamp()}
            api_version = "authentication.k8s.io/v1"
            return {
                "kind": "SelfSubjectReview",
                "apiVersion": api_version,
                "metadata": metadata,
                "status": {"userInfo": info},
            }
        kind = Kind(target.group, "v1", "SelfSubjectAccessReview", target.plural)
        spec = payload.item(kind).get("spec") or {}
        author = managed_fields.Author(payload.writer().manager, kind.api_version)
        return {
            "kind": kind.name,
            "apiVersion": kind.api_version,
            "metadata": {"managedFields": managed_fields.record(None, {"metadata": {}, "spec": spec}, author)},
            "spec": spec,
            "status": self.gatekeeper.review(user, spec),
        }


def _payload(request: web.Request, body: bytes) -> writing.Payload:
    content_type = request.content_type if "Content-Type" in request.headers else ""
    return writing.Payload(request.method, content_type, body, request.query, request.headers.get("User-Agent", ""))


def _part(kind: Kind, target: Target) -> Part:
    served = {"": True, "status": kind.status, "scale": kind.scale}
    if not served.get(target.subresource):
        raise errors.unknown_resource()
    return Part(target.subresource)


def _unserved(target: Target) -> Exception:
    """Return the 404: a Status within the server's own groups, plain text for the groups of CRDs and for no group."""
    return errors.unknown_resource() if is_built_in(target.group) else errors.UnknownPathError()
