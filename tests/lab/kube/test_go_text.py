"""Hashes and durations as the real operator writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from drctl.lab.kube_actors import go_text


def test_the_data_hash_is_the_operators_own_test_value() -> None:
    # external-secrets, TestObjectHash; the value of its sha3-224 versions.
    expected = "1bed8bcbcb4547ffe19a19cd47d9078e84aa6598266d86b99f992d64"

    assert go_text.data_hash({"foo": b"value1", "bar": b"value2"}) == expected


def test_the_synced_version_names_the_generation_and_hangs_on_annotations_and_labels() -> None:
    item = {"metadata": {"generation": 3, "annotations": {"b": "1", "a": "2"}}}
    swapped = {"metadata": {"generation": 3, "annotations": {"a": "2", "b": "1"}}}
    labelled = {"metadata": {"generation": 3, "annotations": {"a": "2", "b": "1"}, "labels": {"c": "3"}}}

    assert go_text.resource_version(item).startswith("3-")
    assert go_text.resource_version(item) == go_text.resource_version(swapped)
    assert go_text.resource_version(item) != go_text.resource_version(labelled)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1h", "1h0m0s"),
        ("90m", "1h30m0s"),
        ("1h30m", "1h30m0s"),
        ("90s", "1m30s"),
        ("1.5s", "1.5s"),
        ("500ms", "500ms"),
        ("0", "0s"),
        ("-5s", "-5s"),
    ],
)
def test_durations_are_read_and_written_as_go_does(text: str, canonical: str) -> None:
    assert go_text.write_duration(go_text.parse_duration(text)) == canonical


def test_an_hour_is_an_hour() -> None:
    assert go_text.parse_duration("1h0m0s") == timedelta(hours=1)


@pytest.mark.parametrize("text", ["", "1", "one hour", "1d", "1h 30m", "5 s"])
def test_what_go_does_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        go_text.parse_duration(text)
