"""Layer 7 of 9: an HTTP request and its answer as values; no socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

__all__ = ["HttpAnswer", "HttpRequest", "content_type_of"]


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A request to make, or one that came in.

    method: upper case. path: without the query. query: raw, as it stands behind the question mark, without that. headers: names in lower
    case. body: octets. Query and body may hold credentials and are never shown by repr.
    """

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def content_type(self) -> str:
        """The header's value, "" if there is none."""
        return self.headers.get("content-type", "")

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields for rich: sizes instead of what may be secret."""
        sizes = [(name, f"{len(getattr(self, name))} octets") for name in ("query", "body")]
        return [("method", self.method), ("path", self.path), *sizes]

    def __repr__(self) -> str:
        return f"HttpRequest({', '.join(f'{name}={value}' for name, value in self.__rich_repr__())})"


class HttpAnswer(Struct, frozen=True, kw_only=True):
    """An answer that came, or one to give. status: of HTTP. content_type: the header's value. body: octets."""

    status: int = 200
    content_type: str = ""
    body: bytes = b""


# A Content-Type has a charset or a boundary of at most 70 characters (RFC 2046 5.1.1); what comes behind this many is not looked at.
_LONGEST_TYPE: Final = 1_000


def content_type_of(value: str) -> tuple[str, str]:
    """Split a Content-Type into its media type and charset, both in lower case, "" where there is none."""
    media, _, rest = value[:_LONGEST_TYPE].partition(";")
    charset = ""
    for parameter in rest.split(";"):
        name, _, text = parameter.partition("=")
        if name.strip().lower() == "charset" and not charset:
            charset = text.strip().strip("\"'").lower()
    return media.strip().lower(), charset
