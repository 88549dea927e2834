"""Health checks of a record's members, read and judged as Route 53 judges them (dns.md 2.1 and 2.6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from drctl.core.finding import Finding, Severity
from drctl.ports.dns import Light, MemberHealth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The endpoint is healthy when more than this share of the checkers says so.
_SHARE_NEEDED = 0.18
# drctl's own trigger fires within two minutes; a check that is slower moves nobody in time.
_DETECTION_MAX = timedelta(minutes=2)
_DEFAULT_INTERVAL, _DEFAULT_THRESHOLD = 30, 3
_WITHOUT_STATUS = frozenset({"CALCULATED"})


def unchecked() -> MemberHealth:
    """Return what a member without a health check is: always healthy."""
    return MemberHealth(Light.NONE, "has no health check of its own, and always counts as healthy")


def is_switch(config: Mapping[str, Any]) -> bool:
    """Say whether a check is turned by people, so that it says nothing of the region that it is about."""
    return bool(config.get("Inverted")) or config["Type"] == "RECOVERY_CONTROL"


def judged(name: str, config: Mapping[str, Any], observations: Sequence[Mapping[str, Any]]) -> MemberHealth:
    """Return what Route 53 makes of a check, and what is wrong with the check itself."""
    findings, place = tuple(_findings(name, config)), _place(config)
    if config.get("Disabled"):
        return MemberHealth(Light.GREEN, f"{place} is disabled, and counts as healthy whatever it is", findings)
    if is_switch(config):
        return MemberHealth(Light.NONE, f"{place} is a switch, and says nothing of the region", findings)
    if config["Type"] in _WITHOUT_STATUS or not observations:
        return MemberHealth(Light.UNKNOWN, f"{place}: its checkers cannot be asked", findings)
    well = [one for one in observations if str(one.get("StatusReport", {}).get("Status", "")).startswith("Success")]
    light = Light.GREEN if len(well) > _SHARE_NEEDED * len(observations) else Light.RED
    return MemberHealth(light, f"{place}: {len(well)} of {len(observations)} checkers say it is well", findings)


def _findings(name: str, config: Mapping[str, Any]) -> list[Finding]:
    found, place = [], _place(config)
    if str(config.get("FullyQualifiedDomainName", "")).lower().rstrip(".") == name:
        message = f"the health check of {name} asks {name} itself: it follows the record that it decides about."
        found.append(Finding("check-asks-itself", message, "Give it the region's own address or name."))
    interval = timedelta(seconds=config.get("RequestInterval", _DEFAULT_INTERVAL))
    detection = interval * config.get("FailureThreshold", _DEFAULT_THRESHOLD)
    if not is_switch(config) and detection > _DETECTION_MAX:
        message = f"{place} of {name} needs {detection.total_seconds():g} s to see an outage."
        remedy = "Lower RequestInterval or FailureThreshold: two minutes at most in all."
        found.append(Finding("check-slow", message, remedy, Severity.WARN))
    if config.get("Disabled"):
        message = f"{place} of {name} is disabled: it counts as healthy, and says nothing."
        found.append(Finding("check-disabled", message, "Enable it: `aws route53 update-health-check`.", Severity.WARN))
    return found


def _place(config: Mapping[str, Any]) -> str:
    target = config.get("FullyQualifiedDomainName") or config.get("IPAddress") or config.get("RoutingControlArn", "")
    return f"the {config['Type']} check of {target or 'its target'}"
