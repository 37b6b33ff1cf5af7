"""The table of a load names errors in words, in the order of their numbers, and shows what a peer wrote without obeying it."""

import pytest

from smpp_core import Profile, SubmitSm, format_receipt, parse_receipt
from smswire.cli.results import Results, rows, show
from smswire.cli.tally import Tally
from smswire.cli.traffic import Piece
from smswire.session.many import SubmitResult


def results(*receipts: tuple[str, str]) -> Results:
    """One accepted segment for each receipt, of which stat and err are given."""
    tally = Tally(lambda: 0.0, Profile.vendor(), True)
    for index, (stat, err) in enumerate(receipts):
        tally.sent(index, Piece(SubmitSm(), index, 1), 0.0)
        tally.answered(SubmitResult(index, 0, f"id{index}", 0.5, None), False)
        text = format_receipt(f"id{index}", stat, dlvrd=0, submit_date="2601010000", done_date="2601010000", err=err)
        tally.receipt(parse_receipt(text, flagged=True))
    return Results(tally.summary(1.0), {}, "0", tally)


def test_errors_have_their_words_and_the_order_of_their_numbers() -> None:
    found = [name for name, _ in rows(results(*(("UNDELIV", err) for err in ("2048", "256", "027", "999", "01B")))) if name[:5] == "error"]
    assert found == [
        "error 027 the subscriber is absent: switched off or out of coverage", "error 256 the handset's memory is full", "error 999",
        "error 2048 time-out in the network", "error 01B",
    ]


def test_what_a_peer_wrote_is_neither_markup_nor_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    found = results(("UNDELIV", "000"))
    found.figures["receipts"]["states"] = {"[/red]": 1, "\x1b[31mX": 1}
    show(found)
    out = capsys.readouterr().out
    assert "[/red]" in out and "\\x1b[31mx" in out and "\x1b" not in out


def test_words_that_a_peer_makes_up_are_told_apart_up_to_a_cap() -> None:
    found = results(*(("UNDELIV", f"{number:04x}z") for number in range(1_100))).figures["receipts"]["errors"]
    assert len(found) == 1_001 and found["other"] == 100
