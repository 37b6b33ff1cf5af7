"""Commands, above layer 9: the messages that load and demo send: a mix of kinds, each composed once and then addressed anew."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from smpp_core import Profile, SubmitSm

from ..message.address import Address
from ..message.compose import compose
from ..message.message import Message

LONG = (
    "Your order 4711 has left our warehouse and will be with you on Thursday between 10 and 12. You can follow it at any time, choose "
    "another day or leave it with a neighbour: just open the link in the mail that we have sent you. Thank you for shopping with us!"
)


class Kind(NamedTuple):
    """One kind of message. share: how often it comes, beside the others."""

    name: str
    text: str
    share: int
    flash: bool = False


REALISTIC = (
    Kind("gsm", "Your code is 482913. It is valid for 5 minutes.", 70),
    Kind("ucs2", "Ваш код подтверждения: 482913. Никому его не сообщайте.", 12),
    Kind("long", LONG, 13),
    Kind("flash", "Your prepaid credit is below 2.00 EUR.", 5, flash=True),
)
SHORT = (Kind("gsm", "Your code is 482913. It is valid for 5 minutes.", 1),)
_AT_ONCE = 1_000  # messages whose kinds are drawn together
_SIGNS = re.compile("#+")
MIXES = {"realistic": REALISTIC, "short": SHORT}


class Piece(NamedTuple):
    """One PDU of the traffic. message: number of the message that it is a part of. parts: how many that one has."""

    pdu: SubmitSm
    message: int
    parts: int


class Traffic:
    """An endless row of messages, the same for the same seed.

    kinds: the mix. sender: as people write it. to: receivers, taken in turn; each run of `#` becomes the message's number, as many digits
    as it has signs. receipts: ask for final receipts. Raises EncodeError for addresses and texts that cannot be sent.
    """

    def __init__(self, kinds: Sequence[Kind], *, sender: str, to: Sequence[str], receipts: bool, seed: int, profile: Profile) -> None:
        examples = [Address.destination(_SIGNS.sub(lambda found: "1" * len(found[0]), each)) for each in to]
        self._templates = []
        for kind in kinds:
            message = Message.make(examples[0], kind.text, sender=sender, flash=kind.flash, receipt="final" if receipts else "none")
            self._templates.append(compose(message, profile=profile).pdus())
        self._shares = [kind.share for kind in kinds]
        self._dice = random.Random(seed)
        self._to = [each.lstrip("+") for each in to]

    def messages(self, count: int) -> Iterator[Piece]:
        """The PDUs of the next messages."""
        for number, template in enumerate(self._chosen(count)):
            to = self._receiver(number)
            if len(template) == 1:
                yield Piece(template[0].replace(destination_addr=to), number, 1)
                continue
            for pdu in template:  # the reference of the concatenation is the fourth octet of the header
                text = pdu.short_message or b""
                text = text[:3] + bytes((number & 0xFF,)) + text[4:]
                yield Piece(pdu.replace(destination_addr=to, short_message=text), number, len(template))

    def _chosen(self, count: int) -> Iterator[list[SubmitSm]]:
        """The template of each message; a thousand at a time, since a load may have millions."""
        for begin in range(0, count, _AT_ONCE):
            yield from self._dice.choices(self._templates, self._shares, k=min(_AT_ONCE, count - begin))

    def _receiver(self, number: int) -> str:
        to = self._to[number % len(self._to)]
        return _SIGNS.sub(lambda found: str(number % 10 ** len(found[0])).zfill(len(found[0])), to) if "#" in to else to
