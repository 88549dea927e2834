"""A verification as JUnit XML, so that a pipeline shows each check as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from drctl.app.verify.model import Outcome
from drctl.render.wording import masked, rfc3339

if TYPE_CHECKING:
    from drctl.app.verify.model import CheckResult, Verification


def junit_xml(verification: Verification) -> str:
    """Return one test case a check. A problem is a failure, an unknown that weighs as one an error."""
    suite = ET.Element(
        "testsuite",
        name=f"drctl verify {verification.service} to {verification.target}",
        tests=str(len(verification.results)),
        failures=str(sum(result.outcome is Outcome.PROBLEM for result in verification.results)),
        errors=str(sum(_is_error(result) for result in verification.results)),
        timestamp=rfc3339(verification.observed_at) or "",
    )
    for result in verification.results:
        case = ET.SubElement(suite, "testcase", classname=f"drctl.verify.{result.group}", name=result.id)
        text = f"{masked(result.message)}\n{masked(result.remedy)}".rstrip()
        if result.outcome is Outcome.PROBLEM:
            ET.SubElement(case, "failure", message=masked(result.message), type="problem").text = text
        elif _is_error(result):
            ET.SubElement(case, "error", message=masked(result.message), type="unknown").text = text
        else:
            ET.SubElement(case, "system-out").text = f"{result.outcome.value}: {text}"
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _is_error(result: CheckResult) -> bool:
    return result.outcome is Outcome.UNKNOWN and result.weighs is Outcome.PROBLEM
