"""What would keep a record set at Route 53 from being changed, told beforehand (dns.md 2.3 and 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drctl.adapters.route53.record_sets import listed_name
from drctl.core.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def protection(name: str, record_type: str, protected: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Return a finding where the record set is protected: any batch with it is refused as a whole."""
    if not any((one["RecordName"], one["RecordType"]) == (listed_name(name), record_type) for one in protected):
        return ()
    message = f"{name} {record_type} is protected at Route 53: a batch that changes it is refused, all of it."
    remedy = "Delete the protection: `aws route53 delete-resource-record-set-protections`."
    return (Finding("record-protected", message, remedy),)


def recovery(zone: str, features: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return a finding where the control plane would not come back before us-east-1 does."""
    status = features.get("AcceleratedRecoveryStatus", "not there")
    if status == "ENABLED":
        return ()
    message = (
        f"accelerated recovery of zone {zone} is {status}: its API comes back with us-east-1, not within the hour."
    )
    remedy = "Enable it before you need it: `aws route53 update-hosted-zone-features --enable-accelerated-recovery`."
    return (Finding("recovery-not-accelerated", message, remedy, Severity.WARN),)
