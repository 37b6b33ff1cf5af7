"""Writes docs/http-examples.md: each example that the vendor's document prints, what the codecs read in it, what they write for that.

    PYTHONPATH=src:. python docs/list_examples.py            # `--check` only compares, and exits 1 on a difference
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from smswire.http.credits import dump_credits_query, load_credits_query
from smswire.http.errors import ApiError
from smswire.http.inbound import InboundMessage
from smswire.http.inbox import dump_inbox_query, load_inbox_query
from smswire.http.lookup_async import dump_accepted, load_accepted
from smswire.http.lookup_query import dump_async_query, dump_sync_query, load_async_query, load_sync_query
from smswire.http.lookup_report import dump_lookup_reports, load_lookup_reports
from smswire.http.lookup_sync import dump_lookup, load_lookup
from smswire.http.push_template import Template
from smswire.http.report import dump_reports, load_reports
from smswire.http.report_query import dump_pull, dump_pull_error, load_pull
from smswire.http.send_json import dump_json, load_json
from smswire.http.send_plain import dump_plain, load_plain
from smswire.http.send_response import dump_response, load_response
from smswire.http.send_xml import dump_xml, load_xml

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "tests" / "data" / "http"
PAGE = HERE / "http-examples.md"
INDEXES = ("examples.json", "examples-reports.json", "examples-lookup.json", "examples-inbound.json")
TEMPLATE = "http://some.server.com/incoming_sms.php?who=%sender%&what={}"  # of 2.8.1
# Over SMPP: the document prints a log of the PDU, not its octets.
NOT_OCTETS = {"lookup-receipt": "a log of a PDU; tests/http/test_lookup.py builds that PDU and reads it"}


class Kind(NamedTuple):
    """How examples of a kind are read and written."""

    load: Callable[[bytes], Any]
    dump: Callable[[Any], bytes]


def _template(octets: bytes) -> Template:
    return Template.parse(octets.decode().strip())


def _request_of(template: Template) -> bytes:
    """The push that the document prints: "ABC" from +38598123123."""
    return template.request(InboundMessage(sender="+38598123123", text="ABC", binary=b"ABC"))[0].encode()


def _push(octets: bytes) -> InboundMessage:
    name = "%bin%" if b"414243" in octets else "%text%"
    return Template.parse(TEMPLATE.format(name)).read(octets.strip().partition(b"?")[2])


def _pushed(message: InboundMessage) -> bytes:
    return Template.parse(TEMPLATE.format("%text%" if message.text is not None else "%bin%")).request(message)[0].encode()


KINDS = {
    "send-request-xml": Kind(load_xml, dump_xml), "send-request-json": Kind(load_json, dump_json),
    "send-request-plain": Kind(load_plain, dump_plain),
    "send-response-xml": Kind(load_response, lambda read: dump_response(read, "xml")),
    "send-response-json": Kind(load_response, lambda read: dump_response(read, "json")),
    "report-push": Kind(load_reports, dump_reports), "report-pull": Kind(load_reports, dump_reports),
    "report-no-data": Kind(load_reports, lambda read: b"NO_DATA"),
    "report-error": Kind(load_reports, lambda error: dump_pull_error(error.status)),
    "report-query": Kind(load_pull, dump_pull), "credits-query": Kind(load_credits_query, dump_credits_query),
    "lookup-query-async": Kind(load_async_query, dump_async_query), "lookup-query-sync": Kind(load_sync_query, dump_sync_query),
    "lookup-accepted": Kind(load_accepted, dump_accepted), "lookup-report": Kind(load_lookup_reports, dump_lookup_reports),
    "lookup-answer-json": Kind(load_lookup, lambda read: dump_lookup(read, "json")),
    "lookup-answer-xml": Kind(load_lookup, lambda read: dump_lookup(read, "xml")),
    "push-template": Kind(_template, _request_of), "push-request": Kind(_push, _pushed),
    "inbox-query": Kind(load_inbox_query, dump_inbox_query),
}


def examples() -> list[dict[str, Any]]:
    """The rows of all indexes, by section."""
    found = [row for name in INDEXES for row in json.loads((EXAMPLES / name).read_text())]
    return sorted(found, key=lambda row: ([int(part) for part in row["section"].split(".")], row["file"]))


def read_and_written(row: dict[str, Any]) -> tuple[str, str]:
    """What the codecs read in an example, and what they write for it."""
    kind = KINDS[row["kind"]]
    octets = (EXAMPLES / row["file"]).read_bytes()
    if row["kind"].endswith("-query"):
        octets = octets.strip().rpartition(b"?")[2]
    try:
        read = kind.load(octets)
    except ApiError as error:
        if row["kind"] == "report-error":
            return f"{type(error).__name__}: {error}", kind.dump(error).decode()
        return f"{type(error).__name__}: {error}", "FAILED" if row["kind"].startswith("lookup") else str(getattr(error, "status", ""))
    return shown(read), kind.dump(read).decode()


def shown(value: Any) -> str:
    """A Struct with what differs from its defaults."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if not hasattr(value, "__struct_fields__"):
        return repr(value)
    if isinstance(value, Template):
        return repr(value)
    fields = [
        f"{field.name}={'***' if field.name == 'password' else shown(getattr(value, field.name))}"
        for field in msgspec.structs.fields(value) if field.required or getattr(value, field.name) != default_of(field)
    ]
    return f"{type(value).__name__}({', '.join(fields)})"


def default_of(field: Any) -> Any:
    """What a field has where nothing is given."""
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


def cell(text: str, limit: int = 400) -> str:
    """Text as code in a cell of a table."""
    text = text.strip().replace("\r\n", "⏎").replace("\n", "⏎")
    if len(text) > limit:
        text = f"{text[:limit]}…"
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


def page() -> str:
    """The page's text."""
    lines = [
        "# What the document prints, read and written", "",
        "Written by `docs/list_examples.py`. Each row is one example of the vendor's document of 2014, kept octet for octet in "
        "`tests/data/http/`: where it",
        "stands, what is odd about it, what the codecs read in it (only what is not at its default), what they write for that, and the "
        "decision (V…) that",
        "says so. ⏎ is a line end; an ellipsis stands for the rest.", "",
        "| section | example | odd | read | written | decision |", "|---|---|---|---|---|---|",
    ]
    for row in examples():
        if row["kind"] in NOT_OCTETS:
            read, written = NOT_OCTETS[row["kind"]], ""
        else:
            read, written = (cell(text) for text in read_and_written(row))
        odd = row["misprint"].replace("|", "\\|")
        lines.append(f"| {row['section']} | {row['printed'].replace('|', '/')} | {odd} | {read} | {written} | {', '.join(row['rows'])} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        sys.exit("docs/http-examples.md is not what docs/list_examples.py writes now; run it")
