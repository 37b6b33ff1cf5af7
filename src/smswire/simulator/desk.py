"""Layer 8 of 9: what a client may ask about its own messages: query_sm, cancel_sm and replace_sm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smpp_core import CancelSm, CommandStatus, MessageState, Pdu, QuerySm, ReplaceSm, SmppTime, SubmitSm

from .customer import Customer, Seat
from .intake import times_of
from .lifecycle import Lifecycle
from .store import Submission

__all__ = ["CANCELLED", "Desk"]

CANCELLED = 4100  # GSM error of the vendor's table 15
_QUERY_FAILED = int(CommandStatus.ESME_RQUERYFAIL)
_CANCEL_FAILED = int(CommandStatus.ESME_RCANCELFAIL)
_REPLACE_FAILED = int(CommandStatus.ESME_RREPLACEFAIL)
_V50 = 0x50
_MOST_ERROR = 255  # error_code is one octet: what is more is written as this


class Desk:
    """Answers about messages of the asking account; one of another account equals an unknown one (V67)."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life

    def query(self, seat: Seat, pdu: QuerySm) -> Pdu | int:
        """The state of a message. One that waits for its time is SCHEDULED for sessions of 5.0, where that came, else ENROUTE."""
        found = list(self._own(seat.customer, pdu))
        if not found:
            return _QUERY_FAILED
        one = next((one for one in found if not one.is_final), found[0])
        if one.is_final:
            date = SmppTime.format(self._life.clock.at(one.ends))
            return pdu.reply(0, message_id=one.id, final_date=date, message_state=int(one.state), error_code=min(one.error, _MOST_ERROR))
        scheduled = one.due > self._life.clock.time() and seat.version >= _V50
        state = MessageState.SCHEDULED if scheduled else MessageState.ENROUTE
        return pdu.reply(0, message_id=one.id, final_date="", message_state=int(state), error_code=0)

    def cancel(self, seat: Seat, pdu: CancelSm) -> Pdu | int:
        """End one message, or, where message_id is empty, all of the account between the two addresses (SMPP 3.4 4.9.1)."""
        if pdu.message_id:
            found = [one for one in self._own(seat.customer, pdu) if not pdu.destination_addr or one.to == _digits(pdu.destination_addr)]
        else:
            found = [one for one in self._life.store.newest(self._life.scenario.caps.messages) if _is_between(one, seat.customer, pdu)]
        found = [one for one in found if not one.is_final and not one.lookup]  # a lookup has its one report, whatever happens
        if not found:
            return _CANCEL_FAILED
        for one in found:
            self._life.finish(one, MessageState.DELETED, CANCELLED)
        return pdu.reply(0)

    def replace(self, seat: Seat, pdu: ReplaceSm) -> Pdu | int:
        """Give a message that is on its way another text, times and wish for a receipt (SMPP 3.4 4.10.1)."""
        life = self._life
        found = [one for one in self._own(seat.customer, pdu) if not one.is_final and isinstance(one.pdu, SubmitSm)]
        now = life.clock.time()
        if len(found) != 1 or found[0].lookup:
            return _REPLACE_FAILED
        one = found[0]
        times_given = {name: text for name, text in (
            ("schedule_delivery_time", pdu.schedule_delivery_time), ("validity_period", pdu.validity_period),
        ) if text}  # a time that is left empty stays as it was
        changed = one.pdu.replace(
            **times_given, registered_delivery=pdu.registered_delivery or 0, sm_default_msg_id=pdu.sm_default_msg_id or 0,
            short_message=pdu.short_message or b"",
        )
        due, expires = one.due, one.expires
        if times_given:
            times: Any = times_of(life, changed, now, life.scenario.validity)
            if isinstance(times, int):
                return times
            due, expires = times
        if life.is_full:
            return int(CommandStatus.ESME_RMSGQFUL)
        life.store.replace(one, changed)
        one.due, one.expires = due, expires
        if seat.customer.settings.receipts == "asked":
            one.asked = pdu.registered_delivery or 0
        life.count_owed(one)
        life.plan(one)
        return pdu.reply(0)

    def _own(self, customer: Customer, pdu: Any) -> Iterator[Submission]:
        """The messages of the name that the account sent from the address."""
        first = self._life.store.get(pdu.message_id or "")
        if first is not None:
            for one in first.all():
                if one.customer is customer and (not pdu.source_addr or one.pdu.source_addr == pdu.source_addr):
                    yield one


def _digits(address: str | None) -> str:
    return (address or "").removeprefix("+")


def _is_between(one: Submission, customer: Customer, pdu: CancelSm) -> bool:
    return (
        one.customer is customer and one.pdu.source_addr == pdu.source_addr and one.to == _digits(pdu.destination_addr)
        and (not pdu.service_type or one.pdu.service_type == pdu.service_type)
    )
