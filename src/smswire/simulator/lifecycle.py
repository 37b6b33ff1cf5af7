"""Layer 8 of 9: the life of a message in the simulated SMSC: accepted, planned, ended, told about; and messages that people write."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from smpp_core import DeliverSm, MessageState, Pdu

from ..message.address import Address
from ..message.compose import References, compose
from ..message.message import Message
from .chance import mix, share_of
from .clock import Clock
from .context import ContextWriter, Lookups
from .customer import Customer
from .fate import VALIDITY_OVER, Fates
from .handset import Handsets, number_like
from .ids import Names
from .network import Networks
from .outbox import Outbox, Parcel
from .receipts import ReceiptWriter, text_of
from .scenario import Account, Inbound, Scenario
from .statistics import Statistics
from .store import Store, Submission
from .wheel import TICK, Wheel

__all__ = ["FAILURE", "INTERMEDIATE_ASKED", "RECEIPT_BITS", "Lifecycle"]

RECEIPT_BITS = 0x03  # registered_delivery, SMPP 3.4 5.2.17 and 5.0 4.7.21
INTERMEDIATE_ASKED = 0x10
ALWAYS, FAILURE, SUCCESS = 1, 2, 3
_DELIVERED_KEPT = 1_000  # the last messages that handsets got, for those who test against the simulator
_NOTES_WITHIN = 60.0  # seconds after the first try in which intermediate notifications come
_REPLY_SALT = 0x5245


class Lifecycle:
    """All that lives in one simulated SMSC. scenario, seed: what it is like; clock: its time; loop: the running loop.

    delivered: the last 1,000 submissions that a handset got. customers: by name.
    """

    def __init__(self, scenario: Scenario, seed: int, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.scenario = scenario
        self.clock = clock
        self.seed = seed
        self.statistics = Statistics()
        self.store = Store(scenario.caps.messages, scenario.caps.octets)
        self.networks = Networks(scenario.networks)
        self.handsets = Handsets(scenario.handsets)
        self.names = Names(scenario.ids, seed)
        self.fates = Fates(scenario.rules, scenario.delay, self.handsets, seed)
        self.lookups = Lookups(self.networks, self.handsets, seed)
        self.customers: dict[str, Customer] = {}
        self.delivered: deque[Submission] = deque(maxlen=_DELIVERED_KEPT)
        self.wheel = Wheel(loop, clock.time, self._run)
        self._loop = loop
        self._receipts = ReceiptWriter(scenario.receipts, self.names, clock, seed)
        self._contexts = ContextWriter(scenario.context, clock)
        self._references = References(1)
        self._replies = any(handset.reply for handset in scenario.handsets)
        self._keep = scenario.receipts.keep
        self._most_items = 2 * scenario.caps.messages

    def add_customer(self, settings: Account) -> None:
        """Have an account."""
        boxes = [
            Outbox(
                self.scenario.receipts, self.statistics, window=settings.window, now=self.clock.time, soon=self._loop.call_soon,
                later=self.wheel.add, done=self._done,
            )
            for _ in range(2)
        ]
        self.customers[settings.name] = Customer(settings, *boxes)

    def start(self) -> None:
        """Let the people of the scenario begin to write."""
        for inbound in self.scenario.inbound:
            self._write_next(inbound, 0, self.clock.time() + inbound.after)

    def stop(self) -> None:
        """Nothing more happens; what is on its way to clients may still be acknowledged."""
        self.wheel.close()
        for customer in self.customers.values():
            customer.outbox.clear()
            customer.lookups.clear()

    @property
    def is_full(self) -> bool:
        """True if so much is planned that nothing more may be: cancelled messages leave their plans behind for a while."""
        return self.wheel.size >= self._most_items

    # -- one message ----------------------------------------------------------------------------------------------------------------

    def begin(self, submission: Submission) -> None:
        """Take a message on: it is held, counted and planned. There is room in the store."""
        self.store.add(submission)
        self.statistics.messages += 1
        self.count_owed(submission)
        self.plan(submission)
        if submission.asked & INTERMEDIATE_ASKED and submission.reports and self.scenario.receipts.intermediate:
            self._plan_notes(submission)

    def count_owed(self, submission: Submission) -> None:
        """Count the final receipt among those that the account is owed."""
        if not submission.owed and (submission.lookup or submission.asked & RECEIPT_BITS and submission.reports):
            submission.owed = True
            submission.customer.owed += 1

    def plan(self, submission: Submission) -> None:
        """Say when the message ends: at its fate's time, or when its validity is over."""
        submission.ends = min(submission.due + submission.fate.delay, submission.expires)
        self.wheel.add(submission.ends, submission)

    def _plan_notes(self, submission: Submission) -> None:
        count = submission.fate.intermediate
        span = min(submission.ends - submission.due, _NOTES_WITHIN)
        for i in range(count):
            submission.customer.owed += 1
            self.wheel.add(submission.due + span * (i + 1) / (count + 1), lambda: self._note(submission))

    def _run(self, item: Any) -> None:
        if item.__class__ is Submission:
            if not item.is_final and item.ends <= self.clock.time() + TICK:  # else it was cancelled, or replaced and planned anew
                self._end(item)
        else:
            item()

    def _end(self, submission: Submission) -> None:
        fate = submission.fate
        if submission.due + fate.delay > submission.expires:
            self.finish(submission, MessageState.EXPIRED, fate.expired_error)
            return
        self.finish(submission, fate.state, fate.error)
        if fate.state is MessageState.DELIVERED and not submission.lookup:
            self.delivered.append(submission)
            if self._replies:
                self._reply(submission)

    def finish(self, submission: Submission, state: MessageState, error: int) -> None:
        """Give a message its final state, and its account the receipt that it asked for."""
        now = self.clock.time()
        submission.state, submission.error, submission.ends = state, error, now
        self.statistics.ended[state] += 1
        self.store.finish(submission)
        customer = submission.customer
        if submission.lookup:
            pdu = self._contexts.write(submission, self.lookups.find(submission.to), now)
            customer.lookups.put(Parcel(customer.lookups, pdu, submission, now + self._keep))
        elif submission.owed:
            if submission.fate.receipt and _is_wanted(submission.asked & RECEIPT_BITS, state):
                pdu = self._receipts.write(submission, state, error, now)
                customer.outbox.put(Parcel(customer.outbox, pdu, submission, now + self._keep))
            else:
                customer.owed -= 1

    def drop(self, submission: Submission) -> None:
        """End a message that another one takes the place of: nobody is told about it."""
        submission.state, submission.ends = MessageState.DELETED, self.clock.time()
        self.statistics.ended[MessageState.DELETED] += 1
        self.store.finish(submission)
        if submission.owed:
            submission.customer.owed -= 1

    def _note(self, submission: Submission) -> None:
        """Send an intermediate notification, unless the message has come to its end."""
        customer = submission.customer
        if submission.is_final:
            customer.owed -= 1
            return
        now = self.clock.time()
        error = submission.fate.expired_error if submission.fate.expired_error != VALIDITY_OVER else 0
        pdu = self._receipts.write(submission, MessageState.ENROUTE, error, now, intermediate=True)
        customer.outbox.put(Parcel(customer.outbox, pdu, submission, now + self._keep))

    def _done(self, parcel: Parcel) -> None:
        if parcel.submission is not None:
            parcel.submission.customer.owed -= 1

    # -- people who write -----------------------------------------------------------------------------------------------------------

    def _reply(self, submission: Submission) -> None:
        handset = self.handsets.find(submission.to)
        if handset is None or not handset.reply:
            return
        pdu, customer = submission.pdu, submission.customer
        text = handset.reply.replace("{text}", text_of(pdu, pdu.profile))
        to = Address(pdu.source_addr or "", pdu.source_addr_ton or 0, pdu.source_addr_npi or 0)
        delay = handset.reply_delay.quantile(share_of(mix(self.seed ^ _REPLY_SALT, submission.number)))
        self.wheel.add(self.clock.time() + delay, lambda: self.deliver(customer, submission.to, to, text))

    def deliver(self, customer: Customer, sender: str, to: str | Address, text: str) -> int:
        """Have somebody write to an account. sender: a number; to: what the account is reached by; a long text is split.

        Returns how many deliver_sm that makes; 0 if as many messages wait for the account as may, so that this one is dropped.
        Raises EncodeError for a text that no message holds.
        """
        pdus = self._inbound_pdus(customer, sender, to if isinstance(to, Address) else Address(to, 1, 1), text)
        box = customer.outbox
        if box.waiting_inbound + len(pdus) > self.scenario.caps.inbound:
            self.statistics.inbound_dropped += len(pdus)
            return 0
        now = self.clock.time()
        box.waiting_inbound += len(pdus)
        for pdu in pdus:
            box.put(Parcel(box, pdu, None, now + self._keep))
        return len(pdus)

    def _inbound_pdus(self, customer: Customer, sender: str, to: Address, text: str) -> list[Pdu]:
        composed = compose(Message(to=to, sender=Address(sender, 1, 1), text=text), reference=self._references)
        return [
            DeliverSm(
                source_addr_ton=1, source_addr_npi=1, source_addr=sender, dest_addr_ton=to.ton, dest_addr_npi=to.npi,
                destination_addr=to.value, esm_class=made.esm_class or 0, data_coding=made.data_coding or 0,
                short_message=made.short_message or b"",
            )
            for made in composed.pdus()
        ]

    def _write_next(self, inbound: Inbound, done: int, begin: float) -> None:
        """Plan the next message of a source: the one of index done, counted from the moment begin. What is late comes at once."""
        if inbound.count is None or done < inbound.count:
            self.wheel.add(begin + done / inbound.rate, lambda: self._write(inbound, done, begin))

    def _write(self, inbound: Inbound, done: int, begin: float) -> None:
        sender = number_like(inbound.sender, self.seed, done)
        for customer in self._writes_to(inbound.account):
            self.deliver(customer, sender, inbound.to, inbound.text[done % len(inbound.text)])
        self._write_next(inbound, done + 1, begin)

    def _writes_to(self, name: str) -> list[Customer]:
        if name:
            return [self.customers[name]] if name in self.customers else []
        return [customer for customer in self.customers.values() if customer.outbox.sessions]


def _is_wanted(asked: int, state: MessageState) -> bool:
    succeeded = state is MessageState.DELIVERED or state is MessageState.ACCEPTED
    return asked == ALWAYS or asked == (SUCCESS if succeeded else FAILURE)
