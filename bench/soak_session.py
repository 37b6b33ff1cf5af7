"""Millions of messages through one client and one server, to see that nothing grows: python bench/soak_session.py --messages 10000000.

Both ends live in one process and one event loop. A lap is one session: connect, bind, a third of the messages each by submit, submit_many
and submit_buffer, a receipt for each message, unbind, close. In the middle of a lap and behind it memory, tasks, descriptors and objects
are counted. The last line is a row for docs/soak.md. Exit codes: 0 nothing grew, 1 something did or a message is unaccounted for.
"""

import argparse
import asyncio
import gc
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import corpus

import smpp_core
import smswire

ROOT = Path(__file__).parent.parent
BODIES = 2000
WINDOW = 500
LAPS = 20
# The interpreter's allocator keeps what a busy moment needed; after the first laps there is no more to come.
SLACK_MIB = 4.0
SLACK_BLOCKS = 0.02


@dataclass
class Sample:
    """What a process holds. blocks: objects of the interpreter's allocator."""

    messages: int
    receipts: int
    rss: float
    tasks: int
    descriptors: int
    blocks: int


class Receipts:
    """The server's store: sends a receipt for each message, at most as many at a time as the window holds. It is the token of each."""

    def __init__(self) -> None:
        self.due: deque[tuple[Any, smpp_core.Pdu]] = deque()
        self.accepted = self.acknowledged = 0
        self.failed: list[str] = []
        self.ids = itertools.count(1)
        self.pumping = False

    def submitted(self, session: Any, pdu: smpp_core.Pdu) -> smpp_core.Pdu | None:
        """The handler: answer with an id, send the receipt in a later turn."""
        if pdu.command != "submit_sm":
            return None
        self.accepted += 1
        message_id = f"{next(self.ids):010d}"
        self.due.append((session, smpp_core.DeliverSm(
            source_addr=pdu.destination_addr, source_addr_ton=1, source_addr_npi=1, destination_addr=pdu.source_addr, esm_class=4,
            short_message=b"id:%s sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:"
            % message_id.encode(), tlvs=[("receipted_message_id", message_id), ("message_state", 2)])))
        if not self.pumping:
            self.pumping = True
            asyncio.get_running_loop().call_soon(self.pump)
        return pdu.reply(message_id=message_id)

    def pump(self) -> None:
        """Send what the window has room for."""
        self.pumping = False
        while self.due:
            session, pdu = self.due[0]
            try:
                session.request_nowait(pdu, self)
            except smpp_core.WindowFull:
                return
            self.due.popleft()

    def settled(self, pending: Any, outcome: Any) -> None:
        """How a receipt ended."""
        if isinstance(outcome, Exception) or outcome.command_status:
            self.failed.append(repr(outcome))
        else:
            self.acknowledged += 1
        if self.due and not self.pumping:
            self.pumping = True
            asyncio.get_running_loop().call_soon(self.pump)


def resident() -> float:
    """Resident memory in MiB; where the system tells no present value, the most so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def sample(messages: int, receipts: int) -> Sample:
    """Count now."""
    return Sample(
        messages, receipts, round(resident(), 2), len(asyncio.all_tasks()), len(os.listdir("/dev/fd")) - 1, sys.getallocatedblocks())


async def lap(port: int, store: Receipts, messages: int) -> tuple[int, Sample, dict[str, int]]:
    """One session: how many receipts came, a sample with the session bound and idle, and failures by kind."""
    submits = corpus.to_build(BODIES)
    fields = [{name: value for name, value in submit.fields.items() if name != "sequence_number"} for submit in submits]
    arrived, failed = 0, 0
    done = asyncio.Event()
    wanted = 0

    def deliver(delivery: Any) -> None:
        nonlocal arrived
        if delivery.receipt is not None:
            arrived += 1
            if arrived == wanted:
                done.set()

    async with smswire.Client(f"smpp://soak:soak@127.0.0.1:{port}", window=WINDOW) as client:
        client.on_inbound(deliver)
        todo = itertools.islice(itertools.cycle(fields), messages // 3)

        async def worker() -> None:
            for one in todo:
                await client.submit(smpp_core.SubmitSm(**one))

        await asyncio.gather(*(worker() for _ in range(64)))
        pdus = (smpp_core.SubmitSm(**one) for one in itertools.islice(itertools.cycle(fields), messages // 3))
        async for result in client.submit_many(pdus):
            failed += not result.message_id
        rest = messages - 2 * (messages // 3)
        buffer = b"".join(submit.octets for submit in submits)
        for _ in range(rest // BODIES):
            failed += BODIES - (await client.submit_buffer(buffer)).accepted
        if rest % BODIES:
            failed += rest % BODIES - (await client.submit_buffer(b"".join(submit.octets for submit in submits[:rest % BODIES]))).accepted
        wanted = messages
        if arrived < wanted:
            async with asyncio.timeout(60):
                await done.wait()
        held = sample(messages, arrived)
    return arrived, held, {"submits": failed}


async def soak(messages: int, laps: int) -> tuple[list[Sample], list[Sample], list[str]]:
    """Run all laps: samples with a session bound, samples after its end, and what was wrong."""
    bound: list[Sample] = []
    closed: list[Sample] = []
    wrong: list[str] = []
    store = Receipts()
    account = smswire.Account(name="soak", window=2 * WINDOW, delivery_window=WINDOW)
    server = smswire.Server(store.submitted, "127.0.0.1", 0, authenticate=lambda session, bind: account)
    async with server:
        sent = receipts = 0
        for number in range(laps):
            count = messages * (number + 1) // laps - sent
            sent += count
            arrived, held, failed = await lap(server.port, store, count)
            receipts += arrived
            bound.append(held)
            while server.connections:
                await asyncio.sleep(0)
            closed.append(sample(sent, receipts))
            for what, several in failed.items():
                if several:
                    wrong.append(f"lap {number}: {several} {what} failed")
            if not store.accepted == receipts == store.acknowledged == sent:
                wrong.append(
                    f"after lap {number}: {sent} sent, {store.accepted} accepted, {receipts} receipts, {store.acknowledged} acknowledged")
            print(f"lap {number + 1} of {laps}: {sent:,} messages, {closed[-1].rss:.1f} MiB", file=sys.stderr, flush=True)
    return bound, closed, wrong + store.failed[:5]


def grown(bound: list[Sample], closed: list[Sample]) -> list[str]:
    """What is not flat: the later laps beside the earlier ones, the first quarter left out for warming up."""
    found = []
    for name, samples in (("bound", bound), ("closed", closed)):
        warm = samples[len(samples) // 4:]
        early, late = warm[:len(warm) // 2], warm[len(warm) // 2:]
        for what in ("tasks", "descriptors"):
            values = {getattr(one, what) for one in warm}
            if len(values) > 1:
                found.append(f"{what} while {name}: {sorted(values)}")
        before, after = (statistics.median(one.rss for one in part) for part in (early, late))
        if after > before + SLACK_MIB:
            found.append(f"memory while {name}: from {before:.1f} to {after:.1f} MiB")
        before, after = (statistics.median(one.blocks for one in part) for part in (early, late))
        if after > before * (1 + SLACK_BLOCKS):
            found.append(f"objects while {name}: from {before:,.0f} to {after:,.0f}")
    return found


def commit() -> str:
    """The commit that runs."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--laps", type=int, default=LAPS)
    parser.add_argument("--format", choices=("row", "json"), default="row")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    given = parser.parse_args()
    factory = None
    if given.loop == "uvloop":
        import uvloop
        factory = uvloop.new_event_loop
    start = time.perf_counter()
    with asyncio.Runner(loop_factory=factory) as runner:
        bound, closed, wrong = runner.run(soak(given.messages, given.laps))
    seconds = time.perf_counter() - start
    wrong += grown(bound, closed)
    garbage = gc.collect()
    if given.format == "json":
        print(json.dumps({
            "seconds": seconds, "wrong": wrong, "bound": [asdict(one) for one in bound], "closed": [asdict(one) for one in closed],
            "uncollected": garbage}))
    else:
        for line in wrong:
            print(line, file=sys.stderr)
        warm, last = closed[len(closed) // 4], closed[-1]
        most = max(one.rss for one in bound + closed)
        print(
            f"| {commit()} | {last.messages:,} | {last.receipts:,} | {given.laps} | {seconds:,.0f} s | {last.messages / seconds:,.0f} | "
            f"{warm.rss:.1f} MiB | {last.rss:.1f} MiB | {most:.1f} MiB | {bound[-1].tasks} | {bound[-1].descriptors} | {len(wrong)} |")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
