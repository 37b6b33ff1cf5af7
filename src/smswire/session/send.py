"""Layer 6 of 9: a message of any length through a client: composed, sent part by part, and followed to its receipts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from smpp_core import Pdu, RequestTimeout, SessionClosed, SmppError

from ..message.compose import Composition, References, compose
from ..message.message import Message
from ..message.rollup import Rollup, State
from ..message.tracker import PushedOut, Tracker, TrackerEvent, Unmatched

if TYPE_CHECKING:
    from .client import Client
    from .inbound import Delivery

__all__ = ["Sender", "Sent"]

log = logging.getLogger("smswire.session")


class Sent:
    """A message that was sent, and what has become of it so far.

    composition: how it was encoded and cut. errors: what each part failed by, None for a part that was accepted: CommandFailed,
    RequestTimeout, SessionClosed.
    """

    __slots__ = ("_rollup", "_sender", "composition", "errors")

    def __init__(self, sender: Sender, composition: Composition, rollup: Rollup) -> None:
        self._sender = sender
        self._rollup = rollup
        self.composition = composition
        self.errors: list[SmppError | None] = [None] * len(composition.parts)

    def __repr__(self) -> str:
        return f"<Sent to {self.composition.message.to}: {self.state}, {self.parts} part{'s' * (self.parts > 1)}>"

    @property
    def parts(self) -> int:
        """How many PDUs it took."""
        return len(self.composition.parts)

    @property
    def message_ids(self) -> tuple[str | None, ...]:
        """The peer's names for the parts, in order; None where none is known."""
        return self._rollup.message_ids

    @property
    def accepted(self) -> bool:
        """True if the peer has accepted every part."""
        return not any(self.errors)

    @property
    def state(self) -> State:
        """The state of the worst part: SUBMITTED while receipts are awaited, then what they say; SENT where none was asked for;
        REJECTED or AMBIGUOUS where a part was not accepted."""
        return self._rollup.state

    @property
    def states(self) -> tuple[State, ...]:
        """The states of the parts, in order."""
        return self._rollup.states

    @property
    def final(self) -> bool:
        """True once nothing more is awaited."""
        return self._rollup.final

    @property
    def reason(self) -> str:
        """Why the state is no better, as "part 2 of 3: UNDELIVERED, err 027"; "" while nothing is wrong."""
        return self._rollup.reason

    async def outcome(self, timeout: float | None = None) -> State:
        """Wait for the final receipts of all parts and return the state.

        timeout: seconds, None for as long as receipts are awaited (72 h from the sending; UNKNOWN then). Raises RequestTimeout, also for a
        message that is not followed any more (see Sender), and SessionClosed if the client is closed before or has lost its last link
        for good.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._sender.followed(self._rollup)
        except TimeoutError:
            raise RequestTimeout(f"no final receipt in {timeout:g} s", written=True) from None
        return self._rollup.state


class Sender:
    """Sends messages for a client and joins the receipts that come to them.

    Keeps what Tracker does: 100,000 open messages, 200,000 ids, 10,000 receipts that came before their response.
    """

    def __init__(self, client: Client) -> None:
        self.tracker = Tracker()
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._references = References()
        self._last = 0
        self._waiters: dict[object, list[asyncio.Future[None]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._pushed_out = 0  # how many of the tracker's were told
        self._closed = ""  # why no receipts will come

    async def send(
        self, message: Message, timeout: float | None = None, *, national: tuple[str | int, ...] = (), latin1: bool = False
    ) -> Sent:
        """Send a message: its parts in order, none after one that was not accepted. See Client.send."""
        composition = compose(message, profile=self._client.profile, national=national, latin1=latin1, reference=self._references)
        pdus = composition.pdus()
        self._last = key = self._last + 1
        receipts = message.receipt in ("final", "intermediate")
        rollup = self._submitting(key, 1, len(pdus), receipts)
        sent = Sent(self, composition, rollup)
        failed: SmppError | None = None
        for number, pdu in enumerate(pdus, 1):
            if number > 1:
                self._submitting(key, number, len(pdus), receipts, rollup)
            if failed is not None:
                self._ended(rollup, number, SessionClosed(f"not sent, since an earlier part failed: {failed}"), sent.errors)
                continue
            outcome: Pdu | SmppError
            try:
                ask = self._client._ask(pdu, timeout)
                try:
                    outcome = await ask.future
                except asyncio.CancelledError:
                    written = ask.outbox.withdraw(ask)
                    self._ended(rollup, number, SessionClosed("its sender was cancelled", written=written), sent.errors)
                    for rest in range(number + 1, len(pdus) + 1):
                        self._submitting(key, rest, len(pdus), receipts, rollup)
                        self._ended(rollup, rest, SessionClosed("its sender was cancelled"), sent.errors)
                    raise
            except SmppError as error:
                outcome = failed = error
            self._ended(rollup, number, outcome, sent.errors)
        return sent

    def _submitting(self, key: int, number: int, total: int, receipts: bool, rollup: Rollup | None = None) -> Rollup:
        """A part goes out. rollup: of the message, None for its first part."""
        if rollup is not None and rollup.given_up:  # the tracker would take it for a new message
            rollup.submitting(number)
            return rollup
        rollup = self.tracker.submitted(key, self._loop.time(), number, total, receipts=receipts)
        self._look_for_pushed_out()
        self._arm()
        return rollup

    def _ended(self, rollup: Rollup, number: int, outcome: Pdu | SmppError, errors: list[SmppError | None]) -> None:
        """A part has its response, or will have none."""
        if isinstance(outcome, SmppError):
            errors[number - 1] = outcome
        if self.tracker.responded(rollup.key, number, outcome) is None:  # it is followed no more
            if isinstance(outcome, SmppError):
                rollup.failed(number, outcome)
            else:
                rollup.responded(number, outcome.command_status, getattr(outcome, "message_id", None))
        self._look_for_pushed_out()
        self._told(rollup)

    def delivered(self, delivery: Delivery) -> bool:
        """Take the receipt that a delivery carries. Returns whether it carries one: its message may be named later, or never."""
        receipt = delivery.receipt
        if receipt is None:
            return False
        self._told(self.tracker.receipt(receipt, self._loop.time()))
        self._arm()
        return True

    async def followed(self, rollup: Rollup) -> None:
        """Wait until a message is final. Raises RequestTimeout for one that is not followed, SessionClosed after the end."""
        if rollup.final:
            return
        if rollup.given_up:
            raise _given_up(rollup)
        if self._closed:
            raise SessionClosed(self._closed, written=True)
        future = self._loop.create_future()
        self._waiters.setdefault(rollup.key, []).append(future)
        try:
            await future
        finally:
            waiters = self._waiters.get(rollup.key, [])
            if future in waiters:
                waiters.remove(future)
                if not waiters:
                    del self._waiters[rollup.key]

    def close(self, reason: str) -> None:
        """No more receipts will come."""
        self._closed = self._closed or f"{reason} before the final receipt"
        if self._timer is not None:
            self._timer.cancel()
        for key in list(self._waiters):
            self._wake(key, SessionClosed(self._closed, written=True))

    def _told(self, rollup: Rollup | None) -> None:
        if rollup is not None and rollup.final and rollup.key in self._waiters:
            self._wake(rollup.key)

    def _wake(self, key: object, error: SmppError | None = None) -> None:
        for future in self._waiters.pop(key, []):
            if not future.done():
                if error is None:
                    future.set_result(None)
                else:
                    future.set_exception(error)

    def _arm(self) -> None:
        """Have the tracker look at what is overdue when that time has come."""
        when = self.tracker.deadline()
        if self._timer is None and when is not None and not self._closed:
            self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._tell(self.tracker.tick(self._loop.time()))
        self._arm()

    def _look_for_pushed_out(self) -> None:
        """Tell at once who waits for a message that had to make room: there may be no other tick for days."""
        if self.tracker.pushed_out != self._pushed_out:
            self._tell(self.tracker.tick(self._loop.time()))

    def _tell(self, events: Sequence[TrackerEvent]) -> None:
        self._pushed_out = self.tracker.pushed_out
        for event in events:
            if isinstance(event, Unmatched):
                continue
            rollup = event.rollup
            if isinstance(event, PushedOut):
                log.warning("a message is no longer followed to its receipts: %s", rollup.given_up)
            if rollup.given_up and not rollup.final:
                self._wake(rollup.key, _given_up(rollup))
            else:
                self._told(rollup)


def _given_up(rollup: Rollup) -> RequestTimeout:
    return RequestTimeout(f"the message is no longer followed to its receipts: {rollup.given_up}", written=True)
