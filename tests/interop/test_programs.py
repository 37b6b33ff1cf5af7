"""The harness itself: a missing peer is skipped by its name, no peer outlives its test, a script is read as it was written."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import plan
import pytest
from exchange import read, write
from programs import KANNEL, PEERS, Peer, Program, command_or_skip, kannel_or_skip

DOCUMENT = Path(__file__).parents[2] / "docs" / "interop.md"


def test_a_peer_that_is_not_installed_is_a_skip_that_says_how_to_get_it(tmp_path: Path) -> None:
    nobody = Peer("nobody", "nobody's SMPP", "pip install nobody", "no-such-package-anywhere")
    with pytest.raises(pytest.skip.Exception, match="nobody's SMPP is not installed: pip install nobody"):
        command_or_skip(nobody, tmp_path)


def test_a_missing_kannel_is_a_skip_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("programs.shutil.which", lambda *_, **__: None)
    with pytest.raises(pytest.skip.Exception, match=f"Kannel is not installed: {KANNEL.get}"):
        kannel_or_skip()


def test_a_program_that_never_ends_is_killed_with_what_it_has_started(tmp_path: Path) -> None:
    report = "print('{\"event\": \"up\", \"child\": %d}' % child if child else '', flush=True)"
    source = f"import os, time\nchild = os.fork()\n{report}\ntime.sleep(60)"

    async def run() -> tuple[int, int | None]:
        async with Program([sys.executable, "-c", source], tmp_path) as program:
            child = (await program.report("up"))["child"]
            return child, program.process.pid

    async def gone(number: int) -> None:
        while True:
            try:
                os.kill(number, 0)
            except ProcessLookupError:
                return
            state = Path(f"/proc/{number}/stat")
            if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            await asyncio.sleep(0.01)

    child, parent = asyncio.run(run())
    for number in (child, parent):
        assert number is not None
        asyncio.run(asyncio.wait_for(gone(number), 5))


def test_a_program_that_fails_tells_its_last_words_with_the_error(tmp_path: Path) -> None:
    async def run() -> None:
        async with Program([sys.executable, "-c", "raise SystemExit('no luck today')"], tmp_path) as program:
            assert await program.end() == 0

    with pytest.raises(AssertionError) as failed:
        asyncio.run(run())
    assert "no luck today" in "".join(failed.value.__notes__)


def test_a_script_is_read_as_it_was_written(tmp_path: Path) -> None:
    script = plan.for_clients(2775)
    try:
        assert read(str(write(script, tmp_path / "script.tsv"))) == script
    finally:
        signal.alarm(0)


def test_the_document_has_a_row_and_a_skip_reason_for_each_peer() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE) == [peer.title for peer in PEERS]
    for peer in PEERS:
        assert f"`{peer.title} is not installed: {peer.get}`" in text
