"""What is asked of both servers to be written, and what they refuse."""

from __future__ import annotations

from contract.kubernetes.alike import (
    API,
    APPLY,
    APPS,
    CORE,
    ESO,
    JSON_PATCH,
    SCALE,
    STRATEGIC,
    Alike,
    Ask,
    Json,
    deployment,
    external_secret,
    row,
)
from contract.kubernetes.servers import MERGE

DEPLOYMENTS = f"{APPS}/deployments"
BUSY = f"{DEPLOYMENTS}/busy"
SECRETS = f"{ESO}/externalsecrets"
ONE = f"{SECRETS}/one"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/NS/leases"
TWO = {"spec": {"replicas": 2}}
GOOD_TIME = "2026-11-23T08:00:00.000000Z"
BAD_TIME = "2026-11-23T08:00:00Z"


def get(path: str) -> Ask:
    return Ask("GET", path)


def merge(path: str, body: object, user: str = "admin", **query: str) -> Ask:
    return Ask("PATCH", path, body, MERGE, user=user, query=query)


def patch(path: str, body: object, content_type: str) -> Ask:
    return Ask("PATCH", path, body, content_type)


def scale(replicas: object, **metadata: str) -> Ask:
    return merge(SCALE, {"metadata": metadata, "spec": {"replicas": replicas}})


def put_scale(**metadata: str) -> Ask:
    named = {"name": "api", "namespace": "NS"} | metadata
    return Ask("PUT", SCALE, {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": named} | TWO)


def post(path: str, body: object, **query: str) -> Ask:
    return Ask("POST", path, body, query=query)


def workload(labels: Json, selector: Json | None) -> Json:
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "it", "image": "it"}]}}
    return {"metadata": {"name": "x"}, "spec": {"template": pod} | ({"selector": selector} if selector else {})}


def lease(at: str = GOOD_TIME, seconds: int = 60, **metadata: str) -> Json:
    spec = {"holderIdentity": "me", "leaseDurationSeconds": seconds, "acquireTime": at, "renewTime": at}
    return {"metadata": {"name": "held"} | metadata, "spec": spec}


SCALES = (
    row("drctl scales", merge(SCALE, TWO, user="drctl", fieldManager="drctl"), get(API)),
    row("at the version that was read", scale(2, resourceVersion="NOW")),
    row("at a stale version", scale(2, resourceVersion="1")),
    row("at a stale version to what it is", scale(0, resourceVersion="1")),
    row("at a version that is none", scale(2, resourceVersion="x")),
    # Measured: it takes the ownership of spec.replicas from whoever has it, and a second one leaves it to nobody.
    row("to what it is", scale(0), get(API)),
    row("with nothing", merge(f"{BUSY}/scale", {}), get(BUSY)),
    row("to null", merge(f"{BUSY}/scale", {"spec": {"replicas": None}}), get(BUSY)),
    row("below zero", scale(-1)),
    row("below zero, tried only", merge(SCALE, {"spec": {"replicas": -1}}, dryRun="All")),
    row("to a word", scale("two"), alike=Alike.REASON),
    row("to a fraction", scale(1.5), alike=Alike.REASON),
    row("beyond 32 bits", scale(3 * 10**9), alike=Alike.REASON),
    row("what is not there", merge(f"{DEPLOYMENTS}/nope/scale", TWO)),
    row("tried only", merge(SCALE, TWO, dryRun="All"), get(API)),
    row("tried in another way", merge(SCALE, TWO, dryRun="Some")),
    row("by a strategic patch", patch(SCALE, TWO, STRATEGIC)),
    row("by a JSON patch that adds", patch(SCALE, [{"op": "add", "path": "/spec/replicas", "value": 2}], JSON_PATCH)),
    row(
        "by a JSON patch that replaces",
        patch(SCALE, [{"op": "replace", "path": "/spec/replicas", "value": 2}], JSON_PATCH),
    ),
    row("by plain JSON", patch(SCALE, TWO, "application/json")),
    row("by text", patch(SCALE, TWO, "text/plain")),
    row("of another namespace", scale(2, namespace="other")),
    row("of another name", scale(2, name="other")),
    row("of another uid", scale(2, uid="other"), alike=Alike.REASON),
    row("by a PUT", put_scale(), alike=Alike.REASON),
    row("by a PUT at the version that was read", put_scale(resourceVersion="NOW")),
    row("by a PUT at a stale version", put_scale(resourceVersion="1")),
    row("by a PUT of nothing", Ask("PUT", SCALE, {}), alike=Alike.REASON),
    row("by a DELETE", Ask("DELETE", SCALE)),
    row("by a POST", post(SCALE, {})),
    row(
        "to zero and up again",
        merge(f"{BUSY}/scale", {"spec": {"replicas": 0}}),
        merge(f"{BUSY}/scale", TWO),
        get(BUSY),
    ),
)

PATCHES = (
    row("no patch", merge(SCALE, b"")),
    row("a broken patch", merge(SCALE, b"{"), alike=Alike.REASON),
    row("a list as a merge patch", merge(SCALE, b"[]"), alike=Alike.REASON),
    row("a number as a merge patch", merge(SCALE, b"3"), alike=Alike.REASON),
    row("an object as a JSON patch", patch(SCALE, {}, JSON_PATCH), alike=Alike.REASON),
    row("a test that fails", patch(API, [{"op": "test", "path": "/spec/replicas", "value": 7}], JSON_PATCH)),
    row("a removal of nothing", patch(API, [{"op": "remove", "path": "/spec/nothing"}], JSON_PATCH)),
    row(
        "an unknown operation",
        patch(API, [{"op": "nope", "path": "/spec/nothing"}], JSON_PATCH),
        alike=Alike.REASON,
    ),
    row(
        "an annotation, the same again, and away with it",
        merge(API, {"metadata": {"annotations": {"a": "b"}}}),
        merge(API, {"metadata": {"annotations": {"a": "b"}}}),
        merge(API, {"metadata": {"annotations": {"a": None}}}),
    ),
    row("a label", merge(API, {"metadata": {"labels": {"a": "b"}}})),
    row("a status", merge(f"{API}/status", {"status": {"replicas": 2}, "spec": {"replicas": 9}}), get(API)),
    row("a status in the wrong place", merge(API, {"status": {"replicas": 9}})),
    row(
        "a container by its name",
        patch(API, {"spec": {"template": {"spec": {"containers": [{"name": "it", "image": "new"}]}}}}, STRATEGIC),
    ),
    row(
        "another selector",
        merge(API, {"spec": {"selector": {"matchLabels": {"app": "x"}}}}),
        alike=Alike.REASON,
    ),
    row("an apply without a manager", patch(API, {"kind": "Deployment", "apiVersion": "apps/v1"}, APPLY)),
    row("a collection", merge(DEPLOYMENTS, {})),
)

CUSTOM = (
    row(
        "drctl forces a sync, twice with one token",
        merge(ONE, {"metadata": {"annotations": {"force-sync": "1"}}}, user="drctl", fieldManager="drctl"),
        merge(ONE, {"metadata": {"annotations": {"force-sync": "1"}}}, user="drctl", fieldManager="drctl"),
    ),
    row("at a stale version", merge(ONE, {"metadata": {"resourceVersion": "1", "annotations": {"a": "b"}}})),
    row("nothing at a stale version", merge(ONE, {"metadata": {"resourceVersion": "1"}})),
    row("a strategic patch", patch(ONE, {}, STRATEGIC), alike=Alike.REASON),
    row("a spec", merge(ONE, {"spec": {"x": 1}})),
    row(
        "a status, and beside it what is not its own",
        merge(
            f"{ONE}/status",
            {"status": {"syncedResourceVersion": "1-a"}, "spec": {"x": 1}, "metadata": {"annotations": {"a": "b"}}},
        ),
        get(ONE),
    ),
    row("a status in the wrong place", merge(ONE, {"status": {"x": 1}})),
    row("a PUT without a version", Ask("PUT", ONE, external_secret("one"))),
    row(
        "another kind",
        merge(ONE, {"kind": "Other"}),
        alike=Alike.REASON,
    ),
    row(
        "a create without a kind",
        post(SECRETS, {"metadata": {"name": "x"}}),
        alike=Alike.REASON,
    ),
    row("a second create", post(SECRETS, external_secret("one"))),
    row("a delete", Ask("DELETE", ONE), get(ONE)),
)

CREATES = (
    row("a deployment with a status", post(DEPLOYMENTS, deployment("new") | {"status": {"replicas": 4}})),
    row("tried only", post(DEPLOYMENTS, deployment("x"), dryRun="All"), get(f"{DEPLOYMENTS}/x"), alike=Alike.REASON),
    row("a second time", post(DEPLOYMENTS, deployment("api"))),
    row("in no namespace", post("/apis/apps/v1/namespaces/no-such/deployments", deployment("api"))),
    row("in another namespace", post(DEPLOYMENTS, deployment("x") | {"metadata": {"name": "x", "namespace": "other"}})),
    row("with a bad name", post(DEPLOYMENTS, deployment("Bad_Name")), alike=Alike.REASON),
    row("without a name", post(DEPLOYMENTS, deployment("x") | {"metadata": {}})),
    row("with a version", post(DEPLOYMENTS, deployment("x") | {"metadata": {"name": "x", "resourceVersion": "5"}})),
    row("without a selector", post(DEPLOYMENTS, workload({"a": "b"}, None)), alike=Alike.REASON),
    row(
        "with a selector of others",
        post(DEPLOYMENTS, workload({"a": "b"}, {"matchLabels": {"a": "c"}})),
        alike=Alike.REASON,
    ),
    row(
        "another kind",
        post(DEPLOYMENTS, deployment("x") | {"kind": "StatefulSet", "apiVersion": "apps/v1"}),
        alike=Alike.REASON,
    ),
    row("half a body", post(DEPLOYMENTS, b"{"), alike=Alike.REASON),
    row("no body", post(DEPLOYMENTS, b""), alike=Alike.REASON),
    row("a patch's format", Ask("POST", DEPLOYMENTS, deployment("x"), MERGE), alike=Alike.REASON),
    row(
        "a stateful set, and its scale",
        post(f"{APPS}/statefulsets", deployment("db") | {"spec": deployment("db")["spec"] | {"serviceName": "db"}}),
        get(f"{APPS}/statefulsets/db/scale"),
        merge(f"{APPS}/statefulsets/db/scale", TWO),
        get(f"{APPS}/statefulsets/db"),
        alike=Alike.OBJECTS,
    ),
    row(
        "a service",
        post(
            f"{CORE}/services",
            {"metadata": {"name": "s"}, "spec": {"selector": {"app": "api"}, "ports": [{"port": 80}]}},
        ),
        alike=Alike.OBJECTS,
    ),
    row(
        "endpoints",
        post(
            "/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices",
            {
                "metadata": {"name": "s", "labels": {"kubernetes.io/service-name": "s"}},
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.1.2.3"], "conditions": {"ready": True}}],
                "ports": [],
            },
        ),
    ),
    row(
        "a pod",
        post(f"{CORE}/pods", {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "it", "image": "it"}]}}),
        alike=Alike.OBJECTS,
    ),
    row("over a name", post(API, deployment("api"))),
)

REPLACEMENTS = (
    row("a whole deployment", Ask("PUT", API, deployment("api", 4))),
    row(
        "at a stale version", Ask("PUT", API, deployment("api") | {"metadata": {"name": "api", "resourceVersion": "1"}})
    ),
    row("under another name", Ask("PUT", API, deployment("other", 4))),
    row("of what is not there", Ask("PUT", f"{DEPLOYMENTS}/nope", deployment("nope"))),
    row("of a collection", Ask("PUT", DEPLOYMENTS, deployment("api"))),
)

DELETES = (
    row("a deployment, and again", Ask("DELETE", API), get(API), Ask("DELETE", API)),
    row("at a stale version", Ask("DELETE", API, {"preconditions": {"resourceVersion": "1"}})),
    row("of another uid", Ask("DELETE", API, {"preconditions": {"uid": "x"}})),
    row("tried only", Ask("DELETE", API, query={"dryRun": "All"}), get(API)),
)

DENIALS = (
    row("drctl scales by the deployment", merge(API, TWO, user="drctl")),
    row("drctl puts a scale", Ask("PUT", SCALE, {}, user="drctl")),
    row("drctl writes a status", merge(f"{API}/status", {}, user="drctl")),
    row("drctl deletes", Ask("DELETE", API, user="drctl")),
    row("drctl deletes all", Ask("DELETE", DEPLOYMENTS, user="drctl")),
    row("drctl creates", Ask("POST", DEPLOYMENTS, deployment("x"), user="drctl")),
    row("drctl writes what is not there", merge(f"{DEPLOYMENTS}/nope", TWO, user="drctl")),
)

LEASED = (
    row(
        "taken, renewed, lost, and renewed blindly",
        post(LEASES, lease()),
        get(f"{LEASES}/held"),
        Ask("PUT", f"{LEASES}/held", lease(resourceVersion="NOW")),
        Ask("PUT", f"{LEASES}/held", lease(resourceVersion="1")),
        Ask("PUT", f"{LEASES}/held", lease()),
    ),
    row("a time with an offset", post(LEASES, lease("2026-11-23T08:00:00.123456+00:00"))),
    row("a time without a fraction", post(LEASES, lease(BAD_TIME)), alike=Alike.REASON),
    row(
        "a patched time",
        post(LEASES, lease()),
        merge(f"{LEASES}/held", {"spec": {"renewTime": BAD_TIME}}),
        alike=Alike.REASON,
    ),
    row(
        "a put time",
        post(LEASES, lease()),
        Ask("PUT", f"{LEASES}/held", lease(BAD_TIME, resourceVersion="NOW")),
        alike=Alike.REASON,
    ),
    row("for no time", post(LEASES, lease(seconds=0))),
)
