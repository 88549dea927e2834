"""Providers that are found by their entry point, or are not."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from contract.dns.acme import acme
from drctl.cli.providers import open_outside
from drctl.core.errors import ConfigError
from drctl.ports.dns import PROVIDERS

SECOND = timedelta(seconds=1)


def test_a_provider_that_nobody_offers_is_told_with_those_that_are() -> None:
    with acme(SECOND), pytest.raises(ConfigError, match=r"provider other \(offered: acme\)") as told:
        open_outside("other", "acme.test", {}, SECOND)
    assert PROVIDERS in told.value.remedy


def test_a_provider_that_misses_an_option_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).with_name("outside"))])

    with pytest.raises(ConfigError, match=r"acme cannot be used for acme\.test: KeyError: 'url'"):
        open_outside("acme", "acme.test", {}, SECOND)
