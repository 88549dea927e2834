from __future__ import annotations

import pytest

from drctl.core.record_values import canonical


@pytest.mark.parametrize(
    ("record_type", "written", "compared"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8:0:0::1", "2001:db8::1"),
        ("A", "no address", "no address"),
        ("CNAME", "East.Example.com.", "east.example.com"),
        ("HTTPS", '1 . alpn="h2,h3" ipv4hint=192.0.2.1', "1 . alpn=h2,h3 ipv4hint=192.0.2.1"),
        ("HTTPS", '1 . ipv4hint="192.0.2.1" alpn=h2,h3', "1 . alpn=h2,h3 ipv4hint=192.0.2.1"),
        ("SVCB", "0 Pool.example.com.", "0 pool.example.com"),
        ("HTTPS", "1 . no-default-alpn", "1 . no-default-alpn"),
        ("TXT", "Anything. At all.", "Anything. At all."),
    ],
)
def test_values_are_compared_in_one_form(record_type: str, written: str, compared: str) -> None:
    assert canonical(record_type, written) == compared


@pytest.mark.parametrize("value", ['1 . alpn="h2,h3" ipv4hint=192.0.2.1', "0 pool.example.com."])
def test_the_form_is_its_own_form(value: str) -> None:
    once = canonical("HTTPS", value)

    assert canonical("HTTPS", once) == once
