"""Layer 7 of 9: pairs to a query string; `form.Form` reads one."""

from __future__ import annotations

from urllib.parse import quote

from .errors import DocumentError

__all__ = ["dump_query"]


def dump_query(*pairs: tuple[str, str]) -> bytes:
    """Write a query string, or an urlencoded body: pairs with an empty value are left out, commas stand as they are.

    Raises DocumentError (-23), with the name as path, for a value with half a surrogate pair.
    """
    parts = []
    for name, value in pairs:
        if value:
            try:
                parts.append(f"{name}={quote(value, safe=',')}")
            except UnicodeError:
                raise DocumentError("has half a surrogate pair, which no octets can hold", path=name, status=-23) from None
    return "&".join(parts).encode("ascii")
