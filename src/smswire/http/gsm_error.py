"""Layer 7 of 9: GSM error codes: why a message was not delivered, and whether trying again can help (vendor 4.1)."""

from __future__ import annotations

from smpp_core.spec.rows import GsmError
from smpp_core.spec.vendor import GSM_ERRORS

__all__ = ["GSM_ERRORS", "GsmError", "gsm_error"]


def gsm_error(value: int) -> GsmError:
    """The row of a code: its name, meaning and permanence; one named UNKNOWN, not permanent, for a code that the document does not have.

    permanent is our reading: the document has names and values only.
    """
    return GSM_ERRORS.get(value) or GsmError(value, "UNKNOWN", "a code that the document does not have", False, "")
