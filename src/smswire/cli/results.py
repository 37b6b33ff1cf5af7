"""Commands, above layer 9: the results of a load: a table for people, a dict for pipelines, and whether anything failed."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from smpp_core.spec.vendor import GSM_ERRORS

from .shown import safe
from .tally import Tally


class Results(NamedTuple):
    """figures: Tally.summary. options: how the load was run. version: of smswire."""

    figures: dict[str, Any]
    options: dict[str, Any]
    version: str
    tally: Tally

    @property
    def failed(self) -> bool:
        """Whether a segment was refused, or nobody knows what became of it."""
        return bool(self.figures["refused"] or self.figures["unsent"] or self.tally.unaccounted)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**self.figures, "options": self.options, "version": self.version}


def rows(results: Results) -> list[tuple[str, str]]:
    """The lines of the table."""
    found = results.figures
    lines = [
        ("messages", f"{found['messages']:,}"),
        ("segments", f"{found['segments']:,}"),
        ("accepted", f"{found['accepted']:,}"),
        *((f"refused {name}", f"{count:,}") for name, count in found["refused"].items()),
        *((name, f"{found[key]:,}") for name, key in (
            ("no response in time", "timed_out"), ("lost with a link", "lost"), ("not sent", "unsent"), ("in flight", "in_flight"),
        ) if found[key]),
    ]
    receipts = found.get("receipts")
    if receipts is not None:
        lines += [(name.lower(), f"{count:,}") for name, count in sorted(receipts["states"].items())]
        lines += [(_error(code), f"{count:,}") for code, count in sorted(receipts["errors"].items(), key=lambda item: _order(item[0]))]
        others = (("receipts missing", "missing"), ("receipts of others", "unexpected"))
        lines += [(name, f"{receipts[key]:,}") for name, key in others if receipts[key]]
    lines.append(("seconds", f"{found['seconds']:.3f}"))
    lines.append(("segments a second", f"{found['segments_per_second']:,.0f}"))
    lines += _latencies("response", found["latency_ms"])
    if receipts is not None:
        lines += _latencies("receipt", receipts["latency_ms"])
    return lines


def _number(code: str) -> int | None:
    """A receipt's error as a number. None: it is none, or is in hexadecimal, as some write it."""
    return int(code) if code.isascii() and code.isdigit() else None


def _order(code: str) -> tuple[bool, int, str]:
    number = _number(code)
    return number is None, number or 0, code


def _error(code: str) -> str:
    number = _number(code)
    row = None if number is None else GSM_ERRORS.get(number)
    return f"error {code}" if row is None else f"error {code} {row.meaning}"


def _latencies(what: str, values: dict[str, float]) -> list[tuple[str, str]]:
    return [(f"{what} {name}", f"{value:,.3f} ms") for name, value in values.items()]


def show(results: Results, title: str = "") -> None:
    """Print the table on standard output."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for name, value in rows(results):
        table.add_row(Text(safe(name)), value)  # names hold what the peer wrote: neither markup nor escapes for the terminal
    Console(highlight=False, width=None if sys.stdout.isatty() else 100).print(table)
