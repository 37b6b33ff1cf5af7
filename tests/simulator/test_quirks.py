"""The quirks that a simulator sends are the rows of the core's golden vectors, and every row is there or says why not."""

import pytest
from core.test_quirks import VECTORS  # type: ignore[import-not-found]

from smpp_core import FrameError, Framer, decode
from smpp_core.spec.commands import BY_NAME
from smswire.simulator.quirks import NOT_SENT, QUIRKS

ROWS = {f"Q{number}" for number in range(1, 57)} | {"Q9b", "Q14b", "Q38b", "Q40b"}
STREAMS = ("Q39", "Q40", "Q40b")  # rows whose octets are no PDUs


def test_every_row_is_there_or_says_why_not() -> None:
    assert QUIRKS.keys() | NOT_SENT.keys() == ROWS
    assert not QUIRKS.keys() & NOT_SENT.keys()


@pytest.mark.parametrize("vector", [one for one in VECTORS if f"Q{one.row}" not in NOT_SENT], ids=lambda one: one.row)
def test_the_octets_are_those_of_the_row(vector: object) -> None:
    assert QUIRKS[f"Q{vector.row}"].pdus[0] == vector.octets  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [name for name in QUIRKS if name not in STREAMS])
def test_every_other_is_made_of_whole_pdus_that_a_server_may_send(name: str) -> None:
    quirk = QUIRKS[name]
    assert Framer().feed(b"".join(quirk.pdus)) == list(quirk.pdus)
    for pdu in (decode(octets, strict=False) for octets in quirk.pdus):
        assert pdu.row is not None
        assert pdu.row.sender in ("smsc", "both")
    if quirk.instead:
        assert decode(quirk.pdus[0], strict=False).command_id == BY_NAME[quirk.instead].id


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_no_pdu_breaks_the_stream(name: str) -> None:
    with pytest.raises(FrameError):
        Framer().feed(QUIRKS[name].pdus[0])
