"""Statuses (vendor 2.3): the eighteen of the document's table, each with its own error, and those seen elsewhere (V17)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smswire.http import errors
from smswire.http.errors import RequestRefused, refusal
from smswire.http.response import SendResult
from smswire.http.status import STATUSES, status

PRINTED = json.loads((Path(__file__).parent.parent / "data" / "http" / "statuses.json").read_text(encoding="utf-8"))
VALUES = [row["value"] for row in PRINTED]


def test_i10_the_statuses_are_those_of_the_document_in_its_order() -> None:
    assert len(PRINTED) == 18
    assert [(row.name, row.value) for row in STATUSES.values() if row.emitted] == [(row["status"], row["value"]) for row in PRINTED]


def test_v17_those_seen_elsewhere_are_known_but_never_emitted() -> None:
    assert {row.value for row in STATUSES.values() if not row.emitted} == {-4, -7, -8, -9, -12, -40}
    assert all(key == row.value for key, row in STATUSES.items())


@pytest.mark.parametrize("value", [value for value in VALUES if value])
def test_each_status_below_0_has_its_own_error_class(value: int) -> None:
    error = refusal(value, "answer", "detail")
    assert type(error) is not RequestRefused
    assert type(error).__name__ in errors.__all__
    assert (error.status, error.answer) == (value, "answer")
    assert str(error).startswith(f"{STATUSES[value].name} ({value})")
    assert SendResult(value).error is not None and type(SendResult(value).error) is type(error)
    assert not SendResult(value).accepted


def test_no_two_statuses_share_a_class_and_no_class_is_without_a_status() -> None:
    classes = [type(refusal(value)) for value in VALUES if value]
    assert len(set(classes)) == 17
    assert set(classes) == set(RequestRefused.__subclasses__())


def test_0_is_no_error() -> None:
    assert SendResult(0).error is None and SendResult(0).accepted and SendResult(0).row.name == "ALL_RECIPIENTS_PROCESSED"


@pytest.mark.parametrize("value", [-4, -40, -1234, 5, 10, None])
def test_a_status_without_a_class_is_the_error_of_all(value: int | None) -> None:
    error = refusal(value)
    assert type(error) is RequestRefused and error.status == value
    if value is not None:
        assert SendResult(value).error is not None and status(value).value == value and not status(value).emitted
    else:
        assert str(error) == "FAILED"


def test_scopes_and_retries_are_of_few_words() -> None:
    assert {row.scope for row in STATUSES.values()} == {"request", "message", "recipient"}
    assert {row.retry for row in STATUSES.values()} == {"never", "later", "done"}
    assert [row.value for row in STATUSES.values() if row.retry == "done"] == [-33]
