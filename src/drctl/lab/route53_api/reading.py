"""Route 53's XML requests as values."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from drctl.lab.route53_api.model import (
    Action,
    Alias,
    ApiError,
    Change,
    ChangeBatch,
    RecordSet,
    canonical,
    invalid_input,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
_PREFIX = f"{{{NAMESPACE}}}"
_RECORD_SET_FIELDS = {
    "Name",
    "Type",
    "TTL",
    "ResourceRecords",
    "SetIdentifier",
    "Weight",
    "Failover",
    "Region",
    "MultiValueAnswer",
    "HealthCheckId",
    "AliasTarget",
}


class Node:
    """One element, asked by name; the namespace is taken for granted because it was checked at the root."""

    def __init__(self, element: ET.Element) -> None:
        self._element = element

    def names(self) -> set[str]:
        """Return the names of the child elements."""
        return {child.tag.removeprefix(_PREFIX) for child in self._element}

    def all(self, path: str) -> Iterator[Node]:
        """Return the elements at a path such as `Changes/Change`."""
        steps = "/".join(_PREFIX + step for step in path.split("/"))
        return (Node(element) for element in self._element.findall(steps))

    def text(self, path: str, default: str = "") -> str:
        """Return an element's text, or the default where there is none."""
        found = next(self.all(path), None)
        return default if found is None else (found._element.text or "")  # noqa: SLF001 - its own kind

    def required(self, path: str) -> str:
        """Return an element's text.

        Raises:
            ApiError: InvalidInput, it is missing or empty.
        """
        value = self.text(path)
        if not value:
            raise invalid_input(f"1 validation error detected: Value null at '{path}' must not be null")
        return value

    def number(self, path: str) -> int | None:
        """Return an element's number, or None where it is missing.

        Raises:
            ApiError: InvalidInput, it is no number.
        """
        value = self.text(path)
        try:
            return int(value) if value else None
        except ValueError as exc:
            raise invalid_input(f"Value '{value}' at '{path}' is no number") from exc

    def truth(self, path: str) -> bool | None:
        """Return an element's boolean, or None where it is missing."""
        value = self.text(path)
        return value == "true" if value else None


def read_document(body: bytes, root_name: str) -> Node:
    """Return a request's root element.

    Raises:
        ApiError: MalformedXML or InvalidInput, not the document that this call takes.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the lab's own clients, on loopback
    except ET.ParseError as exc:
        raise ApiError(400, "MalformedXML", f"The XML you provided was not well-formed: {exc}") from exc
    if root.tag != _PREFIX + root_name:
        raise invalid_input(f"Invalid XML ; expected {root_name} in {NAMESPACE}, found {root.tag}")
    return Node(root)


def read_change_batch(body: bytes) -> ChangeBatch:
    """Return the batch of a ChangeResourceRecordSets request.

    Raises:
        ApiError: The document is not such a request.
    """
    root = read_document(body, "ChangeResourceRecordSetsRequest")
    batch = next(root.all("ChangeBatch"), None)
    if batch is None:
        raise invalid_input("Value null at 'changeBatch' must not be null")
    changes = tuple(_read_change(node) for node in batch.all("Changes/Change"))
    if not changes:
        raise invalid_input("Member must have length greater than or equal to 1 at 'changeBatch.changes'")
    return ChangeBatch(changes, batch.text("Comment"))


def _read_change(node: Node) -> Change:
    action = node.required("Action")
    if action not in set(Action):
        raise invalid_input(f"Value '{action}' at 'action' must satisfy enum value set: [CREATE, DELETE, UPSERT]")
    record_set = next(node.all("ResourceRecordSet"), None)
    if record_set is None:
        raise invalid_input("Value null at 'resourceRecordSet' must not be null")
    return Change(Action(action), _read_record_set(record_set))


def _read_record_set(node: Node) -> RecordSet:
    unknown = node.names() - _RECORD_SET_FIELDS
    if unknown:
        raise invalid_input(f"this simulator does not know {', '.join(sorted(unknown))}")
    return RecordSet(
        name=canonical(node.required("Name")),
        type=node.required("Type"),
        ttl=node.number("TTL"),
        values=tuple(record.text("Value") for record in node.all("ResourceRecords/ResourceRecord")),
        set_identifier=node.text("SetIdentifier"),
        weight=node.number("Weight"),
        failover=node.text("Failover"),
        region=node.text("Region"),
        multi_value=node.truth("MultiValueAnswer"),
        health_check_id=node.text("HealthCheckId"),
        alias=_read_alias(next(node.all("AliasTarget"), None)),
    )


def _read_alias(node: Node | None) -> Alias | None:
    if node is None:
        return None
    return Alias(
        node.required("HostedZoneId"),
        canonical(node.required("DNSName")),
        node.required("EvaluateTargetHealth") == "true",
    )
