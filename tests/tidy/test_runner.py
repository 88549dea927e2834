"""The test run's own rules: a skip fails where skips are forbidden, and a seed repeats."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no server")
def test_marked(): ...

def test_inside():
    pytest.skip("no server")

@pytest.mark.xfail(reason="known", strict=True)
def test_known(): raise RuntimeError

def test_seeded(seed):
    print("value", seed)
"""


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a small suite under this project's conftest."""
    shutil.copy(root / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_small.py").write_text(_TESTS)

    def act(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("DRCTL_", "PYTEST_"))}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *arguments, "test_small.py"]
        return subprocess.run(
            command, cwd=tmp_path, env=inherited | environment, capture_output=True, text=True, check=False
        )

    return act


def test_a_skip_passes_and_is_counted(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ended = run()

    assert ended.returncode == 0
    assert "1 passed, 2 skipped, 1 xfailed" in ended.stdout


def test_a_skip_fails_where_skips_are_forbidden(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ended = run(DRCTL_NO_SKIP="1")

    assert ended.returncode == 1
    # A skip by mark happens before the test begins, which pytest calls an error.
    assert "1 failed, 1 passed, 1 xfailed, 1 error" in ended.stdout
    assert "test_marked was skipped, and DRCTL_NO_SKIP=1 forbids that: no server" in ended.stdout
    assert "test_inside was skipped, and DRCTL_NO_SKIP=1 forbids that: no server" in ended.stdout


def test_a_file_that_skips_itself_fails_there_too(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "test_absent.py").write_text("import pytest\npytest.importorskip('absent_module')\n")

    assert run("test_absent.py").returncode == 0
    assert "DRCTL_NO_SKIP=1 forbids that" in run("test_absent.py", DRCTL_NO_SKIP="1").stdout


@pytest.mark.parametrize("given", [{"arguments": ("--seed", "7")}, {"environment": {"DRCTL_SEED": "7"}}])
def test_a_seed_can_be_given(run: Callable[..., subprocess.CompletedProcess[str]], given: dict[str, object]) -> None:
    arguments, environment = given.get("arguments", ()), given.get("environment", {})
    assert isinstance(arguments, tuple)
    assert isinstance(environment, dict)

    ended = run(*arguments, **environment)

    assert "value 7\n" in ended.stdout
    assert "pytest --seed 7 test_small.py::test_seeded" in ended.stdout


def test_every_process_of_a_run_has_the_same_seed(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    ended = run("-n", "2", "--dist", "each")

    assert len(set(re.findall(r"value (\d+)", ended.stdout))) == 1
