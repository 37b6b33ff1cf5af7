"""The tally of a load counts every segment once, whatever the order of responses and receipts."""

import random

from hypothesis import given
from hypothesis import strategies as st

from smpp_core import Profile, RequestTimeout, SessionClosed, SubmitSm, format_receipt, parse_receipt
from smswire.cli.tally import Tally
from smswire.cli.traffic import Piece
from smswire.session.many import SubmitResult

PDU = SubmitSm()


def receipt(name: str, stat: str, err: str = "000"):
    return parse_receipt(format_receipt(name, stat, dlvrd=1, submit_date="2601010000", done_date="2601010000", err=err), flagged=True)


def tally() -> tuple[Tally, list[float]]:
    now = [0.0]
    return Tally(lambda: now[0], Profile.vendor(), True), now


FATES = st.tuples(st.sampled_from(["ok", "refused", "timed out", "lost", "unsent"]), st.integers(1, 3))


@given(st.lists(FATES, max_size=30), st.integers(0, 99))
def test_every_segment_and_message_has_one_place(fates: list[tuple[str, int]], seed: int) -> None:
    counts, _ = tally()
    results = []
    for message, (fate, parts) in enumerate(fates):
        for part in range(parts):
            index = len(results)
            counts.sent(index, Piece(PDU, message, parts), 0.0)
            error = {
                "timed out": RequestTimeout(written=True), "lost": SessionClosed(written=True), "unsent": SessionClosed(written=False),
            }.get(fate if part == 0 else "ok")
            status = 0x58 if fate == "refused" and part == 0 else 0
            results.append(SubmitResult(index, status, None if error or status else f"id{index}", 0.01, error))
    steps = [(counts.answered, (result, False)) for result in results]
    steps += [(counts.receipt, (receipt(result.message_id, "DELIVRD"),)) for result in results if result.message_id]
    random.Random(seed).shuffle(steps)  # receipts may come before their responses
    for step, arguments in steps:
        step(*arguments)
    found = counts.summary(1.0)
    assert found["messages"] == len(fates) and found["segments"] == len(results)
    assert found["accepted_messages"] == sum(fate == "ok" for fate, _ in fates)
    assert found["accepted"] + sum(found["refused"].values()) + found["timed_out"] + found["lost"] + found["unsent"] == len(results)
    assert found["receipts"]["states"].get("DELIVERED", 0) == found["accepted"] and found["receipts"]["missing"] == 0
    assert counts.unaccounted == found["timed_out"] + found["lost"]


def test_receipts_on_the_way_do_not_count_and_missing_ones_are_unaccounted() -> None:
    counts, now = tally()
    for index in range(2):
        counts.sent(index, Piece(PDU, index, 1), 0.0)
        counts.answered(SubmitResult(index, 0, f"id{index}", 0.5, None), False)
    now[0] = 2.0
    counts.receipt(receipt("id0", "ENROUTE"))
    assert counts.awaited == 2
    counts.receipt(receipt("id0", "UNDELIV", "027"))
    counts.receipt(receipt("stranger", "DELIVRD"))
    found = counts.summary(1.0)["receipts"]
    assert (found["states"], found["errors"], found["missing"], found["unexpected"]) == ({"UNDELIVERABLE": 1}, {"027": 1}, 1, 1)
    assert counts.unaccounted == 1 and found["latency_ms"]["max"] == 2000.0


def test_with_a_rate_the_latency_counts_from_when_a_segment_was_to_leave() -> None:
    counts, now = tally()
    counts.sent(0, Piece(PDU, 0, 1), 1.0)
    now[0] = 4.0
    counts.answered(SubmitResult(0, 0, "1", 0.001, None), True)
    assert counts.summary(1.0)["latency_ms"]["max"] == 3000.0
