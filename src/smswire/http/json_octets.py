"""Layer 7 of 9: octets of JSON to a typed value, where the answer or report of a service is read."""

from __future__ import annotations

import codecs
from typing import Final, TypeVar

import msgspec

from .errors import DocumentError

__all__ = ["Scalar", "decoded", "scalar_text"]

T = TypeVar("T")

# Strings, numbers and booleans are read alike, null as absent (decision V5).
Scalar = str | int | float | bool | None

# What the decoder prints of a path may hold names of the document.
_LONGEST_PATH: Final = 80


def decoded(decoder: msgspec.json.Decoder[T], octets: bytes) -> T:
    """Decode a document by a decoder of its type; a byte order mark is skipped. Raises DocumentError (-22) for whatever it cannot read."""
    try:
        return decoder.decode(octets.removeprefix(codecs.BOM_UTF8))
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at `")
        raise DocumentError(words[:120], path=path[:_LONGEST_PATH].rstrip("`")) from None
    except RecursionError:
        raise DocumentError("arrays and objects are nested too deep") from None
    except UnicodeError:
        raise DocumentError("the octets are not utf-8") from None
    except ValueError:
        raise DocumentError("the JSON is broken or cut short") from None


def scalar_text(value: Scalar) -> str:
    """A value as the text that it would have been: "" for null, `true` and `false`, a number's digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
