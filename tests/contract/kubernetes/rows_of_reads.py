"""What is read of both servers: objects, lists, watches, discovery, and who may."""

from __future__ import annotations

from contract.kubernetes.alike import (
    API,
    APPS,
    CORE,
    ESO,
    METADATA_ONLY,
    SCALE,
    Alike,
    Ask,
    Json,
    row,
)

DEPLOYMENTS = f"{APPS}/deployments"
SECRETS = f"{ESO}/externalsecrets"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
FUTURE = str(9 * 10**18)


def get(path: str, user: str = "admin", accept: str = "application/json", **query: str) -> Ask:
    return Ask("GET", path, user=user, accept=accept, query=query)


def selected(selector: str) -> Ask:
    return get(DEPLOYMENTS, labelSelector=selector)


def event(name: str) -> Ask:
    about = {"kind": "Pod", "namespace": "NS", "name": "p", "uid": "one-uid"}
    body = {"metadata": {"name": name}, "involvedObject": about, "type": "Warning", "reason": "Bad", "message": "m"}
    return Ask("POST", f"{CORE}/events", body)


def review(verb: str, group: str, resource: str, subresource: str = "", name: str = "") -> Ask:
    asked = {"verb": verb, "group": group, "resource": resource, "namespace": "NS"}
    asked |= {"subresource": subresource} if subresource else {}
    asked |= {"name": name} if name else {}
    body: Json = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
    return Ask("POST", REVIEWS, body | {"spec": {"resourceAttributes": asked}}, user="drctl")


OBJECTS = (
    row("a deployment", get(API)),
    row("an external secret", get(f"{SECRETS}/one")),
    row("a scale at zero", get(SCALE)),
    row("a scale at three", get(f"{DEPLOYMENTS}/busy/scale")),
    row("a deployment that is not there", get(f"{DEPLOYMENTS}/nope")),
    row("a pod that is not there", get(f"{CORE}/pods/nope")),
    row("an external secret that is not there", get(f"{SECRETS}/nope")),
    row("a scale that is not there", get(f"{DEPLOYMENTS}/nope/scale")),
    row("version 0", get(API, resourceVersion="0")),
    row(
        "a version from the future",
        get(API, resourceVersion=FUTURE),
    ),
    row("no version", get(API, resourceVersion="x")),
    row("metadata only", get(API, accept=METADATA_ONLY)),
    row("whatever there is", get(API, accept="*/*")),
    row("one of several formats", get(API, accept="text/plain, application/json")),
    row("a format that is not served", get(API, accept="text/plain"), alike=Alike.REASON),
)

LISTS = (
    row("deployments", get(DEPLOYMENTS)),
    row("external secrets", get(SECRETS)),
    row("pods where there are none", get(f"{CORE}/pods")),
    row("a namespace that is not there", get("/apis/apps/v1/namespaces/no-such/deployments")),
    row("a list at version 0", get(DEPLOYMENTS, resourceVersion="0")),
    row(
        "a list from the future",
        get(DEPLOYMENTS, resourceVersion=FUTURE),
    ),
    row("a list at no version", get(DEPLOYMENTS, resourceVersion="x"), alike=Alike.REASON),
    row("a page", get(DEPLOYMENTS, limit="1")),
    row("a page of no number", get(DEPLOYMENTS, limit="x")),
    row("a page of less than nothing", get(DEPLOYMENTS, limit="-1")),
    row(
        "a page with a selector",
        get(DEPLOYMENTS, limit="1", labelSelector="team=shop"),
    ),
    row("a page that goes on nowhere", get(DEPLOYMENTS, limit="1", **{"continue": "x"}), alike=Alike.REASON),
    row(
        "metadata of a list",
        get(DEPLOYMENTS, accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"),
    ),
    row("metadata of one, asked of a list", get(DEPLOYMENTS, accept=METADATA_ONLY)),
)

GOOD_SELECTORS = (
    "app=api",
    "app==api",
    "app!=api",
    "app in (api,x)",
    "app in (api, busy) , team=shop",
    "app notin (api)",
    "app",
    "!app",
    "team=shop,app!=api",
    "app=",
    "app in ()",
    " app = api ",
)
BAD_SELECTORS = ("=x", "app=a b", "a b", "app in api")
SELECTORS = (
    *(row(f"labels {text!r}", selected(text)) for text in GOOD_SELECTORS),
    *(row(f"labels {text!r}", selected(text), alike=Alike.REASON) for text in BAD_SELECTORS),
    *(
        row(f"labels {text!r}", selected(text), alike=Alike.REASON)
        for text in ("app=api,", "App_/x=1", "-x=1", "app=-x")
    ),
    *(
        row(f"fields {text!r}", get(DEPLOYMENTS, fieldSelector=text))
        for text in (
            "metadata.name=api",
            "metadata.name==api",
            "metadata.name!=api",
            "metadata.namespace=NS",
            "metadata.name=api,metadata.name=busy",
        )
    ),
    row("fields without a sense", get(DEPLOYMENTS, fieldSelector="x"), alike=Alike.REASON),
    row("a field that a deployment has not", get(DEPLOYMENTS, fieldSelector="spec.x=1")),
    row("a field that a pod has not", get(f"{CORE}/pods", fieldSelector="spec.x=1")),
    row("a field that an external secret has not", get(SECRETS, fieldSelector="spec.x=1"), alike=Alike.REASON),
    row("pods by phase", get(f"{CORE}/pods", fieldSelector="status.phase!=Succeeded,status.phase!=Failed")),
    row(
        "events by what they are about",
        event("e"),
        get(f"{CORE}/events", fieldSelector="involvedObject.uid=one-uid,type=Warning"),
        get(f"{CORE}/events", fieldSelector="involvedObject.uid=other,type=Warning"),
        get(f"{CORE}/events", fieldSelector="type=Normal"),
        alike=Alike.OBJECTS,
    ),
)

PATHS = (
    row("an unknown group", get("/apis/nope.example.com/v1/namespaces/NS/things")),
    row(
        "an unknown version of a built-in group",
        get("/apis/apps/v9/namespaces/NS/deployments"),
    ),
    row("an unknown version of a custom group", get("/apis/external-secrets.io/v1beta1/namespaces/NS/externalsecrets")),
    row("an unknown built-in resource", get(f"{APPS}/things")),
    row("an unknown core resource", get(f"{CORE}/things")),
    row(
        "an unknown custom resource",
        get(f"{ESO}/things"),
    ),
    row("an unknown subresource", get(f"{API}/nope")),
    row("a status where there is none", get(f"{CORE}/configmaps/x/status")),
    row("a scale where there is none", get(f"{SECRETS}/one/scale"), alike=Alike.REASON),
    row("a custom group", get("/apis/external-secrets.io")),
    row("a group that is not there", get("/apis/nope.example.com")),
    row("a path that is not there", get("/nope")),
    row("health", get("/readyz"), get("/readyz", user="nobody")),
    row("health for a stranger", get("/readyz", user="stranger")),
)

ACCESS = (
    row("a token that nobody knows", get(API, user="stranger"), get("/version", user="stranger")),
    row("no token", get(API, user="nobody")),
    row("drctl lists secrets", get(f"{CORE}/secrets", user="drctl")),
    row("drctl watches secrets", get(f"{CORE}/secrets", user="drctl", watch="1", timeoutSeconds="1")),
    row("drctl reads a secret", get(f"{CORE}/secrets/x", user="drctl")),
    row("drctl lists namespaces", get("/api/v1/namespaces", user="drctl")),
    row("drctl reads a namespace", get("/api/v1/namespaces/NS", user="drctl")),
    row("drctl asks for an unknown group", get("/apis/nope.example.com/v1/namespaces/NS/things", user="drctl")),
    row("drctl asks for an unknown resource", get(f"{APPS}/things", user="drctl")),
    row(
        "drctl asks what it may not",
        review("patch", "apps", "deployments"),
        review("get", "nope", "things"),
        alike=Alike.OBJECTS,
    ),
)

WATCHES = (
    row("from now", get(DEPLOYMENTS, watch="1", resourceVersion="NOW", timeoutSeconds="1", labelSelector="app=api")),
    row("from any time", get(DEPLOYMENTS, watch="1", timeoutSeconds="1", fieldSelector="metadata.name=api")),
    row(
        "initial events without a match",
        get(DEPLOYMENTS, watch="1", sendInitialEvents="true", timeoutSeconds="1"),
    ),
)
