"""Route 53's XML answers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from drctl.lab.route53_api.reading import NAMESPACE

if TYPE_CHECKING:
    from drctl.lab.route53_api.model import Alias, ApiError, ChangeInfo, RecordSet


def node(tag: str, *content: ET.Element | str | int | None) -> ET.Element:
    """Return an element with text or children; None stands for nothing."""
    element = ET.Element(tag)
    for part in content:
        if isinstance(part, ET.Element):
            element.append(part)
        elif isinstance(part, bool):
            element.text = "true" if part else "false"
        elif part is not None:
            element.text = str(part)
    return element


def optional(tag: str, value: str | int | None) -> ET.Element | None:
    """Return an element, or None where there is nothing to say (zero is something to say)."""
    return None if value is None or value == "" else node(tag, value)


def document(root: ET.Element) -> bytes:
    """Return a whole answer."""
    root.set("xmlns", NAMESPACE)
    return b'<?xml version="1.0"?>\n' + ET.tostring(root)


def error_document(error: ApiError, request_id: str) -> bytes:
    """Return a refusal in the present form."""
    return document(
        node(
            "ErrorResponse",
            node("Error", node("Type", "Sender"), node("Code", error.code), node("Message", error.message)),
            node("RequestId", request_id),
        )
    )


def old_invalid_batch_document(error: ApiError, request_id: str) -> bytes:
    """Return InvalidChangeBatch in the old form, which botocore reads as an error without a code (dns.md 2.5)."""
    messages = [node("Message", message) for message in error.messages or (error.message,)]
    return document(node("InvalidChangeBatch", node("Messages", *messages), node("RequestId", request_id)))


def change_info_node(info: ChangeInfo, *, in_sync: bool) -> ET.Element:
    """Return a ChangeInfo."""
    return node(
        "ChangeInfo",
        node("Id", f"/change/{info.id}"),
        node("Status", "INSYNC" if in_sync else "PENDING"),
        node("SubmittedAt", info.submitted_at),
        optional("Comment", info.comment),
    )


def record_set_node(record_set: RecordSet) -> ET.Element:
    """Return a ResourceRecordSet."""
    records = [node("ResourceRecord", node("Value", value)) for value in record_set.values]
    return node(
        "ResourceRecordSet",
        node("Name", record_set.name),
        node("Type", record_set.type),
        optional("SetIdentifier", record_set.set_identifier),
        optional("Weight", record_set.weight),
        optional("Region", record_set.region),
        optional("Failover", record_set.failover),
        None if record_set.multi_value is None else node("MultiValueAnswer", record_set.multi_value),
        optional("TTL", record_set.ttl),
        node("ResourceRecords", *records) if records else None,
        None if record_set.alias is None else _alias_node(record_set.alias),
        optional("HealthCheckId", record_set.health_check_id),
    )


def _alias_node(alias: Alias) -> ET.Element:
    return node(
        "AliasTarget",
        node("HostedZoneId", alias.zone_id),
        node("DNSName", alias.dns_name),
        node("EvaluateTargetHealth", alias.evaluate_target_health),
    )
