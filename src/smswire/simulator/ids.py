"""Layer 8 of 9: names of messages: one number, written one way in responses and maybe another way in receipts."""

from __future__ import annotations

from collections.abc import Callable

from .chance import mix
from .scenario import Ids

__all__ = ["Names"]

_PADDED = 10  # digits, where the scenario says no width


class Names:
    """Names the messages of one SMSC. ids: the scenario's; seed: makes UUIDs, which are as reproducible as the rest."""

    def __init__(self, ids: Ids, seed: int) -> None:
        self._width = ids.width
        self._seed = seed
        self._same = ids.receipt in ("same", ids.style)
        self.response = self._writer(ids.style)
        self._reread = self._upper_uuid if ids.style == "uuid" else self._writer(ids.style if ids.receipt == "same" else ids.receipt)

    def receipt(self, number: int, name: str) -> str:
        """The name that receipts give the message; name: the response's."""
        return name if self._same else self._reread(number)

    def _writer(self, style: str) -> Callable[[int], str]:
        width = self._width
        if style == "uuid":
            return self._uuid
        if style == "decimal" and not width:
            return str
        kind = {"decimal": "d", "hex": "x", "upper": "X", "padded": "d", "0x": "X"}[style]
        digits = width or (_PADDED if style == "padded" else 0)
        shape = ("0x{:0" if style == "0x" else "{:0") + f"{digits}{kind}}}"
        return shape.format

    def _uuid(self, number: int) -> str:
        digits = f"{mix(self._seed, 2 * number):016x}{mix(self._seed, 2 * number + 1):016x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _upper_uuid(self, number: int) -> str:
        return self._uuid(number).upper()
