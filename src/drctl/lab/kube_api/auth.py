"""Who asks, and may they: bearer tokens and rules like RBAC's, with denials that a test can add."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drctl.lab.kube_api.errors import ApiError, unauthorized

if TYPE_CHECKING:
    from drctl.lab.kube_api.objects import JsonObject

ADMINISTRATORS = "system:masters"
ANONYMOUS = "system:anonymous"
DRCTL = "drctl"
_AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True, slots=True)
class User:
    """Who a token stands for."""

    name: str
    uid: str
    groups: tuple[str, ...] = (_AUTHENTICATED,)


@dataclass(frozen=True, slots=True)
class Attributes:
    """One question of authorization. `resource` has no subresource in it."""

    verb: str
    group: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def full_resource(self) -> str:
        """`deployments/scale`, or the bare resource."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule covers. `*` covers everything; no names cover every name."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def covers(self, asked: Attributes) -> bool:
        """Say whether the rule is about this request."""
        return (
            _among(asked.verb, self.verbs)
            and _among(asked.group, self.groups)
            and _among(asked.full_resource, self.resources)
            and (not self.names or asked.name in self.names)
        )


_READ = ("get", "list", "watch")
# The minimal Role of kubernetes.md 15.2 as far as the lab has the kinds; no Secrets.
DRCTL_RULES = (
    Rule(("apps",), ("deployments", "statefulsets", "replicasets"), _READ),
    Rule(("apps",), ("deployments/scale", "statefulsets/scale"), ("get", "patch")),
    Rule(("autoscaling",), ("horizontalpodautoscalers",), ("get", "list", "patch")),
    Rule(("batch",), ("cronjobs",), ("get", "list", "patch")),
    Rule(("policy",), ("poddisruptionbudgets",), ("get", "list")),
    Rule(("",), ("pods", "events", "services", "resourcequotas", "configmaps", "nodes"), ("get", "list")),
    Rule(("discovery.k8s.io",), ("endpointslices",), ("get", "list")),
    Rule(("external-secrets.io",), ("externalsecrets",), ("get", "list", "patch")),
    Rule(("external-secrets.io",), ("secretstores", "clustersecretstores"), ("get", "list")),
    Rule(("coordination.k8s.io",), ("leases",), ("create", "get", "update", "patch")),
)
# What every authenticated user may ask about itself (role system:basic-user).
_BASIC_RULES = (
    Rule(("authorization.k8s.io",), ("selfsubjectaccessreviews",), ("create",)),
    Rule(("authentication.k8s.io",), ("selfsubjectreviews",), ("create",)),
)


class Gatekeeper:
    """Knows the tokens, what their users may do, and what a test took away from them."""

    def __init__(self, token: str, admin_token: str) -> None:
        self._users = {
            token: User(DRCTL, "lab-drctl"),
            admin_token: User("admin", "lab-admin", (ADMINISTRATORS, _AUTHENTICATED)),
        }
        self._denials: list[tuple[str, Rule]] = []

    def authenticate(self, header: str | None) -> User:
        """Return who an `Authorization` header stands for.

        Raises:
            ApiError: 401, a token that nobody has. No token at all is the anonymous user, as by default.
        """
        if header is None:
            return User(ANONYMOUS, "", ("system:unauthenticated",))
        scheme, _, token = (header or "").partition(" ")
        user = self._users.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        return user

    def allows(self, user: User, asked: Attributes) -> bool:
        """Say whether a user may do it. A denial goes before every rule."""
        if any(name == user.name and rule.covers(asked) for name, rule in self._denials):
            return False
        if ADMINISTRATORS in user.groups:
            return True
        rules = DRCTL_RULES + _BASIC_RULES if user.name == DRCTL else _BASIC_RULES
        return _AUTHENTICATED in user.groups and any(rule.covers(asked) for rule in rules)

    def require(self, user: User, asked: Attributes) -> None:
        """Let a request pass.

        Raises:
            ApiError: 403.
        """
        if not self.allows(user, asked):
            raise _forbidden(user, asked)

    def require_discovery(self, user: User, path: str) -> None:
        """Let a request for something that is no resource pass: anybody who is known may look (system:discovery).

        Raises:
            ApiError: 403.
        """
        if _AUTHENTICATED not in user.groups:
            raise ApiError(403, "Forbidden", f'forbidden: User "{user.name}" cannot get path "{path}"', {})

    def deny(self, user: str, rule: Rule) -> None:
        """Take something away from a user."""
        self._denials.append((user, rule))

    def clear_denials(self) -> None:
        """Give everything back."""
        self._denials.clear()

    def review(self, user: User, spec: JsonObject) -> JsonObject:
        """Answer a SelfSubjectAccessReview's spec. A refusal has no reason, as on the real server."""
        if "nonResourceAttributes" in spec:
            return {"allowed": True}
        wanted = spec.get("resourceAttributes") or {}
        asked = Attributes(
            verb=wanted.get("verb", ""),
            group=wanted.get("group", ""),
            resource=wanted.get("resource", ""),
            subresource=wanted.get("subresource", ""),
            namespace=wanted.get("namespace", ""),
            name=wanted.get("name", ""),
        )
        if not self.allows(user, asked):
            return {"allowed": False}
        if ADMINISTRATORS in user.groups:
            return {"allowed": True}
        reason = f'RBAC: allowed by ClusterRoleBinding "{user.name}" of ClusterRole "{user.name}" to User "{user.name}"'
        return {"allowed": True, "reason": reason}


def _among(value: str, allowed: tuple[str, ...]) -> bool:
    return value in allowed or "*" in allowed


def _forbidden(user: User, asked: Attributes) -> ApiError:
    what = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    named = f'{what} "{asked.name}"' if asked.name else what
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    message = (
        f'{named} is forbidden: User "{user.name}" cannot {asked.verb} resource "{asked.full_resource}" '
        f'in API group "{asked.group}" {where}'
    )
    details: JsonObject = {"name": asked.name} if asked.name else {}
    if asked.group:
        details["group"] = asked.group
    return ApiError(403, "Forbidden", message, details | {"kind": asked.resource})
