"""I10: every example that the vendor's document prints goes through the codecs, both ways; the page of them is what they give now."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import Struct

from smswire.http.errors import ApiError
from smswire.http.inbound import NAMES, InboundMessage
from smswire.http.inbox import InboxQuery
from smswire.http.lookup import COLUMNS
from smswire.http.lookup_query import LookupQuery
from smswire.http.report import Report

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "http"
_spec = importlib.util.spec_from_file_location("list_examples", ROOT / "docs" / "list_examples.py")
assert _spec is not None and _spec.loader is not None
list_examples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(list_examples)

ROWS = list_examples.examples()
# What the decisions say cannot be read: a tag parted by a line break (V16), numbers that the print blanks out (V47), and refusals.
REFUSED = {
    "send-request-2.2.1.4-d.xml", "lookup-query-2.7-b.txt", "lookup-query-2.7-c.txt", "lookup-accepted-2.5-b.txt",
    "report-error-2.4.2-a.txt",
    "report-error-2.4.2-b.txt", "report-error-2.4.2-c.txt",
}


def octets_of(row: dict[str, str]) -> bytes:
    octets = (DATA / row["file"]).read_bytes()
    return octets.strip().rpartition(b"?")[2] if row["kind"].endswith("-query") else octets


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] not in list_examples.NOT_OCTETS], ids=lambda row: row["file"])
def test_i10_an_example_is_read_and_what_is_written_for_it_reads_the_same(row: dict[str, str]) -> None:
    kind = list_examples.KINDS[row["kind"]]
    try:
        read = kind.load(octets_of(row))
    except ApiError:
        assert row["file"] in REFUSED
        return
    assert row["file"] not in REFUSED
    written = kind.dump(read)
    if row["kind"] != "push-template":  # its other side is the request that it makes
        assert kind.load(written) == read and kind.dump(kind.load(written)) == written


def test_i10_the_page_is_what_the_codecs_give_now() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "list_examples.py", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_file_of_an_example_stands_in_an_index_once() -> None:
    named = [row["file"] for row in ROWS]
    assert len(named) == len(set(named))
    others = {"parameters.json", "statuses.json", *list_examples.INDEXES}
    assert set(named) == {path.name for path in DATA.iterdir()} - others


# Of the tables that are not those of a message (tests/http/test_parameter.py has these), the document's word and where it is.
CARRIED: dict[str, dict[str, tuple[type[Struct], str]]] = {
    "8": {
        "id": (Report, "id"), "sentdate": (Report, "sentdate"), "done date": (Report, "donedate"), "status": (Report, "status"),
    },
    "9, 2.5": {"user": (LookupQuery, "username"), "pass": (LookupQuery, "password"), "destinations": (LookupQuery, "destinations")},
    "10, 2.7": {
        "user": (LookupQuery, "username"), "pass": (LookupQuery, "password"), "destination": (LookupQuery, "destinations"),
        "output": (LookupQuery, "output"),
    },
    "9, 2.8.1": {
        "Sender": (InboundMessage, "sender"), "Receiver": (InboundMessage, "receiver"), "Text": (InboundMessage, "text"),
        "Bin": (InboundMessage, "binary"), "Datetime": (InboundMessage, "received"), "MessageId": (InboundMessage, "message_id"),
        "Datacoding": (InboundMessage, "datacoding"), "Esmclass": (InboundMessage, "esmclass"),
    },
    "10, 2.8.2": {
        "username": (InboxQuery, "username"), "password": (InboxQuery, "password"), "limit": (InboxQuery, "limit"),
        "output": (InboxQuery, "output"), "Messageid": (InboundMessage, "message_id"), "ReceivedDateTime": (InboundMessage, "received"),
    },
}


def test_nothing_of_the_documents_tables_is_left_out() -> None:
    printed = json.loads((DATA / "parameters.json").read_text())
    for table, carried in CARRIED.items():
        names = set(printed[table]) - ({"output"} if table == "9, 2.8.1" else set())  # of the template: Template.output
        assert names == set(carried), table
        assert all(field in kind.__struct_fields__ for kind, field in carried.values())


def test_the_columns_of_a_lookup_are_those_of_2_7_in_their_order() -> None:
    printed = json.loads((DATA / "parameters.json").read_text())["2.7"]
    assert len(printed) == 22
    assert [column.place for column in COLUMNS if column.place is not None] == list(range(22))


def test_the_names_of_an_inbound_message_are_those_of_the_template() -> None:
    assert len(NAMES) == len(InboundMessage.__struct_fields__)
