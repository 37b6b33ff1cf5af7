"""What docs/http-client.md shows and says of the clients is so."""

import re
import textwrap
from pathlib import Path

import pytest
from rawhttp import Asked, RawHttp, Step, answer, in_a_thread

import smswire
from smswire.http import batch, errors, service
from smswire.http.response import SendResponse, SendResult
from smswire.http.send_json import load_json
from smswire.http.send_response import dump_response
from smswire.http.status import STATUSES

PAGE = (Path(__file__).parents[2] / "docs" / "http-client.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.S | re.M)


class Service(RawHttp):
    """Accepts every message and has 12.50 credits."""

    def _answer(self, asked: Asked) -> Step:
        if asked.target.startswith("/api/command"):
            return Step(answer(b"12.50"))
        recipients = [recipient for message in load_json(asked.body).messages for recipient in message.recipients]
        results = tuple(SendResult(0, recipient.message_id, recipient.gsm) for recipient in recipients)
        return Step(answer(dump_response(SendResponse(results), "json")))


@pytest.mark.parametrize(("number", "printed"), [
    (0, r"0 385951111111\n12.50\n"), (1, r"385951111111 [0-9a-f]{32}\n385952222222 [0-9a-f]{32}\n"), (2, r"10002\n"),
])
def test_an_example_runs_and_prints_what_it_should(number: int, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(BLOCKS) == 3
    server = Service(Step())
    with in_a_thread([server]):
        code = re.sub(r"https://[a-z0-9.,]+", f"http://127.0.0.1:{server.port}", BLOCKS[number])
        if "async with" in code:
            code = f"import asyncio\nasync def main():\n{textwrap.indent(code, '    ')}\nasyncio.run(main())"
        exec(compile(code, "http-client.md", "exec"), {})
    assert re.fullmatch(printed, capsys.readouterr().out)


def test_the_page_names_every_status_with_its_class_and_every_other_error() -> None:
    rows = re.findall(r"^\| (-\d+) \| `(\w+)` \|$", PAGE, re.M)
    assert {int(status): name for status, name in rows} == {
        value: type(errors.refusal(value)).__name__ for value, row in STATUSES.items() if value and row.emitted
    }
    kinds = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)} - {"ApiError", "AccessPointError"}
    for name in kinds | {"ResultsDiffer", "PartlySent"}:
        assert f"`{name}`" in PAGE
    assert service.ResultsDiffer
    assert batch.PartlySent


def test_both_clients_are_on_the_front_page() -> None:
    assert {"HttpClient", "SyncHttpClient"} <= set(smswire.__all__)
    assert smswire.HttpClient.__module__ == "smswire.http.client"
    assert smswire.SyncHttpClient.__module__ == "smswire.http.sync_client"
