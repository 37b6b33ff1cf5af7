"""An account's settings are held when they are made."""

from typing import Any

import pytest

from smswire.http.policy import ALLOW_PORTS, Policy


@pytest.mark.parametrize("wrong", [
    {"default_sender": "a" * 12}, {"default_sender": "a\r\n"}, {"on_overlong": "cut"}, {"allow_private": ("nowhere",)},
    {"allow_private": "127.0.0.0/8"}, {"refused_senders": "FORBIDDEN"},
])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Policy(**wrong)


@pytest.mark.parametrize(("refused", "sender", "expected"), [
    ("FORBIDDEN", "forbidden", True), ("Forbidden ", "FORBIDDEN", True), ("+385123", "385123", True), ("385123", "+385123", True),
    ("FORBIDDEN", "FORBIDDEN2", False), ("STRASSE", "straße", True),
])
def test_v19_refused_senders_are_compared_without_case_and_plus(refused: str, sender: str, expected: bool) -> None:
    assert Policy(refused_senders=[refused]).refuses(sender) is expected


def test_a_policy_is_a_value() -> None:
    assert Policy(refused_senders=["A"], allow_ports=[80]) == Policy(refused_senders=("a",), allow_ports={80})
    assert hash(Policy()) == hash(Policy())
    assert Policy().allow_ports == ALLOW_PORTS == {80, 443, 8080, 8443}
