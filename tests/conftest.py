"""What holds for every test: skips fail where they must not happen, and randomness comes from a seed that is told."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

_SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="run tests that use `seed` with this one (or DRCTL_SEED)")


def pytest_configure(config: pytest.Config) -> None:
    given = config.getoption("--seed")
    if given is None:
        # The same in every process of xdist: workers inherit what the first process sets.
        given = int(os.environ.setdefault("DRCTL_SEED", str(random.randrange(2**32))))
    config.stash[_SEED] = given


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.stash[_SEED]} (again with --seed {config.stash[_SEED]})"


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
