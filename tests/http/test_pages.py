"""Every curl command that the pages about HTTP show is run against a fake of the service, and prints what stands under it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from vendor_server import NOW, VendorServer, vendor_server

from smswire.http.inbound import InboundMessage
from smswire.http.report import Report
from smswire.http.request import SendMessage
from smswire.http.status import STATUSES

DOCS = Path(__file__).parents[2] / "docs"
CURL = shutil.which("curl")
PAIR = re.compile(r"^```sh\n(curl .*?)^```\n\n```text\n(.*?)^```$", re.S | re.M)


def pairs() -> list[tuple[str, str, str]]:
    """Page, command, answer."""
    return [(page.stem, *found) for page in sorted(DOCS.glob("http-*.md")) for found in PAIR.findall(page.read_text())]


@pytest.fixture
def service() -> Iterator[VendorServer]:
    """With a few reports and messages that wait, as the pages show them."""
    with vendor_server() as service:
        done = NOW.replace(second=16)
        service.reports += [
            Report(id="1000", sentdate=NOW, donedate=done, status="DELIVERED"),
            Report(id="1002", sentdate=NOW, donedate=done, status="NOT_DELIVERED", gsm_error=27),
        ]
        common = {"sender": "38598123123", "receiver": "60606"}
        when = NOW.replace(year=2014)
        service.inbox += [
            InboundMessage(**common, text="ABC", binary=b"ABC", received=when, message_id="1407250000000000001"),
            InboundMessage(
                **common, text="Где?", binary="Где?".encode("utf-16-be"), datacoding=8, received=when.replace(second=16),
                message_id="1407250000000000002",
            ),
        ]
        yield service


@pytest.mark.peer
@pytest.mark.skipif(CURL is None, reason="curl is not installed")
@pytest.mark.parametrize("page", sorted({page for page, _, _ in pairs()}))
def test_the_curl_commands_of_a_page_print_in_their_order_what_stands_under_them(service: VendorServer, page: str) -> None:
    for _, command, answer in (pair for pair in pairs() if pair[0] == page):
        command = command.replace("curl ", "curl -sS ", 1).replace("http://localhost:8080", service.url)
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout.rstrip("\n") == answer.rstrip("\n"), command


def test_every_page_about_a_call_has_curl_examples() -> None:
    with_examples = {page for page, _, _ in pairs()}
    assert with_examples >= {"http-send", "http-reports", "http-credits", "http-number-context", "http-inbound"}


def test_the_page_names_every_parameter_and_every_status() -> None:
    page = (DOCS / "http-send.md").read_text()
    assert all(f"`{name}`" in page for name in SendMessage.__struct_fields__ if name != "fault")
    rows = {(int(value), name) for value, name in re.findall(r"^\| (-?\d+) \| ([A-Z_]+) \|", page, re.M)}
    assert rows == {(row.value, row.name) for row in STATUSES.values() if row.emitted}
