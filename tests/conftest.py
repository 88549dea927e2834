"""What holds for every test: skips fail where they must not happen, and randomness comes from a seed that is told."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

FIGURES = "figures"
_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="run tests that use `seed` with this one (or DRCTL_SEED)")
    parser.addoption("--long", action="store_true", help="run the tests marked `long` too (make test-all)")


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--seed")
    if given is None:
        # The same in every process of xdist: workers inherit what the first process sets.
        given = int(os.environ.setdefault("DRCTL_SEED", str(random.randrange(2**32))))
    config.stash[_SEED] = given


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless asked for: deselected, not skipped, and counted as such."""
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.stash[_SEED]} (again with --seed {config.stash[_SEED]})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what a test measured, also where it passed."""
    for report in (one for ended in ("passed", "failed") for one in terminalreporter.getreports(ended)):
        for name, text in report.user_properties:
            if name == FIGURES:
                terminalreporter.section(f"{FIGURES} of {report.nodeid}")
                terminalreporter.write_line(str(text))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The run's seed. A test that uses it prints it, so that a failure says how to repeat it."""
    value = request.config.stash[_SEED]
    print(f"seed {value}: repeat with `pytest --seed {value} {request.node.nodeid}`")  # noqa: T201 - shown on failure
    return value


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure under DRCTL_NO_SKIP=1: a test that did not run proved nothing."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _skips_are_forbidden():
        _fail(report, item.nodeid, call.excinfo.value if call.excinfo else "no reason")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself."""
    report = yield
    if report.skipped and _skips_are_forbidden():
        _fail(report, collector.nodeid, report.longrepr)
    return report


def _skips_are_forbidden() -> bool:
    return os.environ.get("DRCTL_NO_SKIP") == "1"


def _fail(report: pytest.TestReport | pytest.CollectReport, name: str, reason: object) -> None:
    report.outcome = "failed"
    report.longrepr = f"{name} was skipped, and DRCTL_NO_SKIP=1 forbids that: {reason}"
