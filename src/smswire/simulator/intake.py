"""Layer 8 of 9: what the simulated SMSC is given: submit_sm, data_sm and submit_multi, accepted or refused."""

from __future__ import annotations

from math import inf
from typing import Any

from smpp_core import (
    CommandStatus,
    DataSm,
    EncodeError,
    Pdu,
    SmppTime,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    UnsuccessSme,
)
from smpp_core.spec.values import DistributionList, SmeAddress

from .chance import mix, share_of
from .customer import Customer, Seat
from .fate import Fate
from .flash import to_flash
from .lifecycle import RECEIPT_BITS, Lifecycle
from .network import ANYWHERE, Networks, is_number
from .receipts import text_of
from .store import Submission

__all__ = ["Intake", "times_of"]

_BAD_TO = int(CommandStatus.ESME_RINVDSTADR)
_BAD_SENDER = int(CommandStatus.ESME_RINVSRCADR)
_BAD_SERVICE = int(CommandStatus.ESME_RINVSERTYP)
_BAD_SCHEDULE = int(CommandStatus.ESME_RINVSCHED)
_BAD_EXPIRY = int(CommandStatus.ESME_RINVEXPIRY)
_FULL = int(CommandStatus.ESME_RMSGQFUL)
_COMMAND = int(CommandStatus.ESME_RINVCMDID)
_NO_LIST = int(CommandStatus.ESME_RINVDLNAME)
_NO_NUMBERS = int(CommandStatus.ESME_RINVNUMDESTS)
_SUBMIT_FAILED = int(CommandStatus.ESME_RSUBMITFAIL)
_NOT_COVERED = 0x22  # vendor 4.3
_MOST_TO = 254  # SMPP 3.4 4.5.1
# What a deliver_sm holds: decoding lets longer ones pass with a warning, and the receipt must be able to say them.
_MOST_SENDER = 20
_MOST_SERVICE = 5
_CONTEXT_SALT = 0x484C52
_REPLACE_BACK = 1_000  # messages that replace_if_present_flag looks back over


class Intake:
    """The front of the SMSC. life: where accepted messages live on."""

    def __init__(self, life: Lifecycle) -> None:
        scenario = life.scenario
        self._life = life
        self._networks: Networks = life.networks
        self._fates = life.fates
        self._statistics = life.statistics
        self._clock = life.clock
        self._uncovered = _NOT_COVERED if scenario.uncovered == "vendor" else _BAD_TO
        self._validity = scenario.validity
        self._owed = scenario.caps.receipts
        self._next = scenario.ids.first
        self._lists = {one.name: one.members for one in scenario.distribution_lists}

    def submit(self, seat: Seat, pdu: SubmitSm | DataSm) -> Pdu | int:
        """Take a submit_sm or data_sm; the response, or the command_status that refuses it."""
        now = self._clock.time()
        customer = seat.customer
        if customer.limiter is not None:
            status = customer.limiter.take(now)
            if status:
                return self._refuse(status)
        if seat.service == "lookup":
            return self._look_up(seat, pdu, now)
        if seat.service == "flash":
            flash = to_flash(pdu)
            if isinstance(flash, CommandStatus):
                return self._refuse(int(flash))
            pdu = flash  # type: ignore[assignment]
        to = pdu.destination_addr or ""
        made = self._accept(seat, pdu, to[1:] if to[:1] == "+" else to, now, None)
        if made.__class__ is int:
            return self._refuse(made)
        return pdu.reply(0, message_id=made.id)

    def submit_multi(self, seat: Seat, pdu: SubmitMulti) -> Pdu | int:
        """Take a message for many: one message_id for all, and a list of those that were refused."""
        now = self._clock.time()
        if seat.service != "sms":
            return self._refuse(_COMMAND)
        everyone: list[SmeAddress] = []
        for one in pdu.dest_addresses or ():
            if isinstance(one, DistributionList):
                if one.dl_name not in self._lists:
                    return self._refuse(_NO_LIST)
                everyone += [SmeAddress(1, 1, number) for number in self._lists[one.dl_name]]
            else:
                everyone.append(one)
        if not 0 < len(everyone) or len(pdu.dest_addresses or ()) > _MOST_TO:
            return self._refuse(_NO_NUMBERS)
        name = None
        failed = []
        limiter = seat.customer.limiter
        for one in everyone:
            made: Any = limiter.take(now) if limiter is not None else 0
            made = made or self._accept(seat, pdu, one.destination_addr.removeprefix("+"), now, name)
            if made.__class__ is int:
                self._refuse(made)
                failed.append(UnsuccessSme(one.dest_addr_ton, one.dest_addr_npi, one.destination_addr, made))
            else:
                name = made.id
        if name is None:
            return SubmitMultiResp(command_status=_SUBMIT_FAILED, message_id="", unsuccess_smes=failed[:255])
        return pdu.reply(0, message_id=name, unsuccess_smes=failed[:255])

    def _refuse(self, status: int) -> int:
        self._statistics.refused[status] += 1
        return status

    def _accept(self, seat: Seat, pdu: Any, to: str, now: float, name: str | None) -> Any:
        """A Submission, or the status that refuses it. name: shared with another destination."""
        if not is_number(to):
            return _BAD_TO
        customer = seat.customer
        sender = pdu.source_addr or ""
        if len(sender) > _MOST_SENDER or sender in customer.refused_senders:
            return _BAD_SENDER
        if len(pdu.service_type or "") > _MOST_SERVICE:
            return _BAD_SERVICE
        network = self._networks.find(to)
        if network is None or not network.covered:
            return self._uncovered
        life = self._life
        if customer.owed >= self._owed or life.is_full or not life.store.make_room(1, len(pdu)):
            return _FULL
        number = self._next
        fates = self._fates
        text = text_of(pdu, pdu.profile) if fates.reads_text else ""
        fate = fates.deal(number, to, sender, customer.name, network, text)
        times = times_of(life, pdu, now, self._validity)
        if times.__class__ is int:
            return times
        self._next = number + 1  # not before: what is refused for its form shall not move the fates of others
        if fate.status:
            return fate.status
        if pdu.__class__ is SubmitSm and pdu.replace_if_present_flag:
            self._replace_present(customer, pdu, to)
        due, expires = times
        submission = Submission(
            number, name or life.names.response(number), customer, pdu, to, network, fate, _asked(customer, pdu), now, due, expires, due,
            reports=seat.reports and network.reports,
        )
        life.begin(submission)
        return submission

    def _look_up(self, seat: Seat, pdu: Any, now: float) -> Pdu | int:
        """Number Context: only the number counts, and exactly one report follows (V53)."""
        to = (pdu.destination_addr or "").removeprefix("+")
        if not is_number(to):
            return self._refuse(_BAD_TO)
        life, customer = self._life, seat.customer
        if customer.owed >= self._owed or life.is_full or not life.store.make_room(1, len(pdu)):
            return self._refuse(_FULL)
        number = self._next
        self._next = number + 1
        found = life.lookups.find(to)
        delay = life.scenario.context.delay.quantile(share_of(mix(life.seed ^ _CONTEXT_SALT, number)))
        submission = Submission(
            number, life.names.response(number), customer, pdu, to, found.original or ANYWHERE,
            Fate(0, found.state, found.error, delay), 1, now, now, inf, now, lookup=True,
        )
        life.begin(submission)
        response: Pdu = pdu.reply(0, message_id=submission.id)
        return response

    def _replace_present(self, customer: Customer, pdu: SubmitSm, to: str) -> None:
        """End the message that this one takes the place of (SMPP 3.4 5.2.18): the same addresses and service, and not final."""
        for other in self._life.store.newest(_REPLACE_BACK):
            if (
                other.customer is customer and other.to == to and not other.is_final and not other.lookup
                and other.pdu.source_addr == pdu.source_addr and other.pdu.service_type == pdu.service_type
            ):
                self._life.drop(other)
                return


def _asked(customer: Customer, pdu: Any) -> int:
    asked: int = pdu.registered_delivery or 0
    wish = customer.settings.receipts
    if wish == "never":
        return 0
    return asked | 1 if wish == "always" and not asked & RECEIPT_BITS else asked


def times_of(life: Lifecycle, pdu: Any, now: float, validity: float) -> Any:
    """(due, expires) as moments, or the status that refuses them. validity: seconds, the longest; it counts from the due moment."""
    due = now
    if pdu.__class__ is DataSm:  # its only time is a TLV
        return now, now + min(pdu.qos_time_to_live or validity, validity)
    schedule, period = pdu.schedule_delivery_time, pdu.validity_period
    if schedule:
        try:
            due = max(now, life.clock.moment(SmppTime.parse(schedule).at(life.clock.at(now))))
        except EncodeError:
            return _BAD_SCHEDULE
    if not period:
        return due, due + validity
    try:
        expires = life.clock.moment(SmppTime.parse(period).at(life.clock.at(due)))
    except EncodeError:
        return _BAD_EXPIRY
    return (due, min(expires, due + validity)) if expires > due else _BAD_EXPIRY
