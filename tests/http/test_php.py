"""A PHP program written after the document's collector.php reads what we emit: pushed reports, and the results of a request to send."""

import http.client
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from smswire.http.report import Report, dump_reports
from smswire.http.response import SendResponse, SendResult
from smswire.http.send_response import dump_response

PHP = shutil.which("php")
pytestmark = [pytest.mark.peer, pytest.mark.skipif(PHP is None, reason="PHP is not installed")]

REPORTS = (
    Report(id="1000", sentdate=datetime(2010, 8, 2, 14, 55, 10), donedate=datetime(2010, 8, 2, 14, 55, 16), status="DELIVERED"),
    Report(id='a<&"ž', sentdate=datetime(2026, 1, 9, 3, 4, 5), donedate=datetime(2026, 12, 31), status="NOT_DELIVERED", gsm_error=27),
)
RESULTS = SendResponse((
    SendResult(0, "clientmsgID1", "385951111111"), SendResult(-13, "", "00000000000"), SendResult(0, "ž&<", "385952222222"),
))


@pytest.fixture(scope="module")
def collector() -> Iterator[int]:
    """PHP's own server with the script; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    script = Path(__file__).with_name("collector.php")
    process = subprocess.Popen([PHP, "-S", f"127.0.0.1:{port}", str(script)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "started" in process.stderr.readline()
    yield port
    process.kill()
    process.communicate()


def posted(port: int, path: str, body: bytes, kind: str) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, body, {"Content-Type": kind})
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer.splitlines()


def test_pushed_reports_are_read_as_the_document_does(collector: int) -> None:
    assert posted(collector, "/", dump_reports(REPORTS), "application/xml") == [
        "<br>id: 1000<br>sent: 2010/8/2 14:55:10<br>done: 2010/8/2 14:55:16<br>status: DELIVERED<br>gsmerrcode: 0",
        '<br>id: a<&"ž<br>sent: 2026/1/9 03:04:05<br>done: 2026/12/31 00:00:00<br>status: NOT_DELIVERED<br>gsmerrcode: 27',
    ]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_results_are_read_in_both_forms(collector: int, form: str) -> None:
    lines = posted(collector, f"/?results={form}", dump_response(RESULTS, form), "text/csv;charset=UTF-8")
    assert lines == ["0|clientmsgID1|385951111111", "-13||00000000000", "0|ž&<|385952222222"]
