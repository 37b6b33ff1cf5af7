"""`smswire http` and `smswire send --http` against a fake of the vendor's service: what is printed, exit codes, no secret anywhere."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from vendor_server import VendorServer, vendor_server

from smswire.http.inbound import InboundMessage


@pytest.fixture
def service() -> Iterator[VendorServer]:
    with vendor_server(accounts={"test": "test", "other": "s3cr3t/@:"}) as service:
        yield service


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "smswire", *arguments]


def smswire(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, **options)


def at(service: VendorServer, user: str = "test:test") -> str:
    return service.url.replace("://", f"://{user}@")


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_credits_are_printed_bare_or_as_json(service: VendorServer) -> None:
    done = smswire("http", "credits", at(service))
    assert (done.returncode, done.stdout, done.stderr) == (0, "12.50\n", "")
    assert records(smswire("http", "credits", at(service), "--post", "--format", "json")) == [{"credits": "12.50"}]
    assert [request.method for request in service.requests] == ["GET", "POST"]


def test_a_wrong_password_is_one_sentence_without_it(service: VendorServer) -> None:
    done = smswire("http", "credits", at(service, "test:wr0ngw0rd"))
    assert done.returncode == 2
    assert done.stderr == "smswire http: the service says INVALID_USER_OR_PASS (-5), the user name or the password is wrong\n"


def test_the_password_comes_from_the_environment_or_a_file(service: VendorServer, tmp_path) -> None:
    word = tmp_path / "word"
    word.write_text("s3cr3t/@:\n")
    assert smswire("http", "credits", at(service, "other"), "--password-file", str(word)).returncode == 0
    done = smswire("http", "credits", service.url, "--user", "other", env=os.environ | {"SMSWIRE_PASSWORD": "s3cr3t/@:"})
    assert done.returncode == 0, done.stderr


def test_reports_are_pulled_once(service: VendorServer) -> None:
    sent = smswire("send", "--http", at(service), "--from", "Infobip", "--to", "385951111111", "--to", "385952222222", "Hello")
    assert sent.returncode == 0, sent.stderr
    assert [line.split()[:2] for line in sent.stdout.splitlines()] == [["385951111111", "SENT"], ["385952222222", "SENT"]]
    ids = [line.split()[2] for line in sent.stdout.splitlines()]
    one = smswire("http", "pull", at(service), "--id", ids[1], "--format", "json")
    assert [(record["id"], record["status"]) for record in records(one)] == [(ids[1], "DELIVERED")]
    rest = smswire("http", "pull", at(service))
    assert rest.stdout == f"{ids[0]}  DELIVERED  0  2010-08-02 14:55:10  2010-08-02 14:55:16\n"
    none = smswire("http", "pull", at(service))
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "no reports\n")


def test_a_lookup_says_what_is_known_and_exits_1_for_a_number_that_was_not_found(service: VendorServer) -> None:
    done = smswire("http", "lookup", at(service), "385997046253", "--format", "json")
    assert done.returncode == 0 and records(done)[0]["mccmnc"] == "21901"
    both = smswire("http", "lookup", at(service), "385997046253", "12")
    assert both.returncode == 1
    first, second = both.stdout.splitlines()
    assert first.startswith("385997046253  DELIVRD  mccmnc 21901, ") and "ported no" in first
    assert second == "12  destination: is no international number"


def test_a_lookup_that_does_not_wait_prints_tickets(service: VendorServer) -> None:
    done = smswire("http", "lookup", at(service), "385997046253", "23'04", "--no-wait")
    assert (done.returncode, done.stdout) == (1, "385997046253  121c0a6b752-1-92\n23'04  FAILED\n")


def test_the_inbox_is_emptied(service: VendorServer) -> None:
    when = datetime(2026, 1, 31, 10, 0, 0)
    service.inbox.append(InboundMessage(sender="38598123123", receiver="38591", text="A\x1b[31mBC", received=when, message_id="7"))
    service.inbox.append(
        InboundMessage(sender="38598123123", receiver="38591", binary=b"\1\2", datacoding=4, message_id="8", received=when)
    )
    done = smswire("http", "inbox", at(service), "--format", "json", "--limit", "1")
    assert [record["message_id"] for record in records(done)] == ["7"]
    assert smswire("http", "inbox", at(service)).stdout == "2026-01-31 10:00:00  38598123123  38591  0102\n"
    assert smswire("http", "inbox", at(service)).stderr == "no messages\n"


def test_with_wait_the_report_decides(service: VendorServer) -> None:
    done = smswire("send", "--http", at(service), "--from", "Infobip", "--to", "+385951111111", "--wait", "--format", "json", "ы" * 80)
    record = records(done)[0]
    assert done.returncode == 0
    assert (record["to"], record["state"], record["segments"], record["encoding"]) == ("385951111111", "DELIVERED", 2, "ucs2")
    assert service.sent[0][2] == "ы" * 80


def test_a_report_that_does_not_come_in_time_is_said(service: VendorServer) -> None:
    service.reports = type("Deaf", (), {"append": lambda self, report: None, "__iter__": lambda self: iter(())})()
    done = smswire("send", "--http", at(service), "--from", "Infobip", "--to", "385951111111", "--wait", "--timeout", "0.5", "Hello")
    assert done.returncode == 1 and "no report within 0.5 s" in done.stdout


@pytest.mark.parametrize(("arguments", "said"), [
    (("--national", "tr"), "--national is for --smpp"),
    (("--concatenation", "sar"), "--concatenation is for --smpp"),
    (("--smpp", "smpp://a:b@localhost"), "give --smpp or --http, not both"),
    (("--validity", "3d"), "48 hours at most"),
    (("--cafile", __file__), "need an https:// URL"),
])
def test_what_the_api_does_not_have_is_refused_before_anything_is_sent(
    service: VendorServer, arguments: tuple[str, ...], said: str,
) -> None:
    done = smswire("send", "--http", at(service), "--from", "Infobip", "--to", "385951111111", *arguments, "Hello")
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert not service.requests


@pytest.mark.parametrize(("url", "said"), [
    ("http://test:sesame@127.0.0.1:1", "127.0.0.1:1"),
    ("ftp://test:sesame@127.0.0.1", "URL: "),
    ("http://test:sesame@127.0.0.1:99999", "URL: "),
    ("127.0.0.1", "URL: "),
])
def test_a_bad_url_or_no_connection_is_one_sentence_without_the_password(url: str, said: str) -> None:
    done = smswire("http", "credits", url)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert "sesame" not in done.stdout + done.stderr


@pytest.mark.parametrize("fault", ["html", "503", "empty", "truncated", "redirect"])
def test_an_answer_that_is_none_is_one_sentence(service: VendorServer, fault: str) -> None:
    service.faults += [fault] * 3
    done = smswire("http", "credits", at(service))
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_exits_130_and_says_what_is_open(service: VendorServer, number: int) -> None:
    service.faults.append("slow")
    process = subprocess.Popen(
        command("send", "--http", at(service), "--from", "Infobip", "--to", "385951111111", "Hello"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    for _ in range(2_000):
        if service.requests:
            break
        time.sleep(0.005)  # the event is in another process
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "interrupted: 1 of 1 messages have no end yet\n")


def test_an_option_for_ids_without_an_id_pulls_nothing(service: VendorServer) -> None:
    done = smswire("http", "pull", at(service), "--id", " , ")
    assert done.returncode == 2 and "--id has no id" in done.stderr and done.stderr.count("\n") == 1
    assert not service.requests


def test_blanks_around_ids_do_not_count(service: VendorServer) -> None:
    assert smswire("http", "pull", at(service), "--id", " a , b ").returncode == 0
    assert service.requests[0].query.endswith(b"messageid=a,b")


def test_what_cannot_be_asked_is_not_blamed_on_the_answer(service: VendorServer) -> None:
    done = smswire("http", "lookup", at(service), "1;2", "--no-wait")
    assert (done.returncode, done.stderr) == (2, "smswire http: this cannot be asked: destinations: holds the separator of destinations\n")


def test_lookups_that_nobody_took_exit_2() -> None:
    done = smswire("http", "lookup", "http://test:test@127.0.0.1:1", "385951111111", "385952222222")
    assert done.returncode == 2 and done.stderr.endswith("127.0.0.1:1: the connection is refused\n")
    assert len(done.stdout.splitlines()) == 2


def test_send_without_a_url_names_both_kinds() -> None:
    done = smswire("send", "--from", "Infobip", "--to", "385951111111", "Hello")
    assert done.returncode == 2 and "--smpp URL or --http URL" in done.stderr


def test_ids_are_printed_when_a_pull_fails(service: VendorServer) -> None:
    service.faults += ["", "html"]
    done = smswire("send", "--http", at(service), "--from", "Infobip", "--to", "385951111111", "--wait", "--format", "json", "Hello")
    (record,) = records(done)
    assert done.returncode == 2 and record["state"] == "SENT" and record["message_ids"] == [service.sent[0][0]]
    assert "HTML page" in str(record["reason"])


def test_results_of_earlier_calls_are_printed_when_a_later_one_fails(service: VendorServer, tmp_path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("".join(f"38595{number:07}\n" for number in range(10_002)))
    service.faults += ["", "html"]
    done = smswire("send", "--http", at(service), "--from", "Infobip", "--to-file", str(numbers), "--format", "json", "Hello")
    assert done.returncode == 2 and "10000 results came, 2 recipients are left" in done.stderr
    assert {record["state"] for record in records(done)} == {"SENT"} and len(records(done)) == 10_000
