"""Commands, above layer 9: how times and text are shown, so that no octet of a PDU reaches a terminal as a control character."""

import time as clock
from collections.abc import Iterator
from functools import lru_cache


@lru_cache(64)
def _second(seconds: int) -> str:
    # Packets of one second follow each other: the calendar is asked once for each.
    return clock.strftime("%Y-%m-%dT%H:%M:%S.", clock.gmtime(seconds))


def format_time(nanoseconds: int) -> str:
    """RFC 3339 in UTC with nine digits: 2026-01-31T10:00:00.123456789Z. nanoseconds: since 1970."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{_second(seconds)}{rest:09d}Z"


def _escaped(text: str) -> Iterator[str]:
    for letter in text:
        if letter in '"\\':
            yield "\\" + letter
        elif letter.isprintable():
            yield letter
        else:
            # Controls, escapes, marks of direction, lone surrogates, blanks that are not the blank.
            yield letter.encode("unicode_escape").decode("ascii")


def safe(text: str) -> str:
    """Text with all that a terminal would act on, or hide, spelled as escapes."""
    return text if text.isprintable() and '"' not in text and "\\" not in text else "".join(_escaped(text))


def quoted(text: str, limit: int = 0) -> str:
    """The same in quotes. limit: characters of text to show at the most, 0 for all; an ellipsis stands for the rest."""
    if limit and len(text) > limit:
        return f'"{safe(text[:limit])}"…'
    return f'"{safe(text)}"'


def quoted_lines(text: str, width: int) -> list[str]:
    """The same on several lines, each in quotes of its own and about width characters; no escape is cut."""
    lines, line, used = [], [], 0
    for piece in _escaped(text):
        line.append(piece)
        used += len(piece)
        if used >= width:
            lines.append(f'"{"".join(line)}"')
            line, used = [], 0
    if line or not lines:
        lines.append(f'"{"".join(line)}"')
    return lines


def characters(octets: bytes) -> str:
    """The column of characters beside a dump: a full stop for what ASCII cannot print."""
    return octets.translate(_CHARACTERS).decode("ascii")


_CHARACTERS = bytes(octet if 0x20 <= octet < 0x7F else 0x2E for octet in range(256))
