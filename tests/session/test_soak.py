"""Hundreds of thousands of messages and as many receipts through one client and one server leave nothing behind.

The work is bench/soak_session.py, in a process of its own, so that what other tests left in memory hides nothing; by hand it takes ten
million messages (docs/soak.md).
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import smpp_core
import smswire

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "bench" / "soak_session.py"
MESSAGES = 500_000
LAPS = 10


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the script counted."""
    # The packages that these tests see, wherever they were found.
    roots = dict.fromkeys(str(Path(module.__file__).parents[1]) for module in (smpp_core, smswire) if module.__file__)
    done = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), "--messages", str(MESSAGES), "--laps", str(LAPS), "--format", "json", "--loop", "asyncio"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join((*roots, str(SCRIPT.parent)))})
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_message_is_accepted_and_every_receipt_is_acknowledged(told: dict[str, Any]) -> None:
    assert told["wrong"] == []
    last = told["closed"][-1]
    assert (len(told["closed"]), last["messages"], last["receipts"]) == (LAPS, MESSAGES, MESSAGES)


@pytest.mark.parametrize("when", ["bound", "closed"])
def test_tasks_and_descriptors_are_the_same_after_each_lap(told: dict[str, Any], when: str) -> None:
    laps = told[when][1:]           # the first opens what lives as long as the process
    assert len({(lap["tasks"], lap["descriptors"]) for lap in laps}) == 1, laps


@pytest.mark.parametrize("when", ["bound", "closed"])
def test_memory_and_objects_do_not_grow(told: dict[str, Any], when: str) -> None:
    laps = told[when][2:]
    early, late = laps[:len(laps) // 2], laps[len(laps) // 2:]
    for what, slack in (("rss", 2.0), ("blocks", 2_000)):
        # Between the two medians lie 200,000 messages: ten octets kept of each, or an object of every hundredth, would show.
        before, after = (statistics.median(lap[what] for lap in part) for part in (early, late))
        assert after <= before + slack, (what, [lap[what] for lap in laps])
