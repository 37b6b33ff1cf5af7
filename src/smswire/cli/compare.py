"""Commands, above layer 9: the results of an earlier load beside those of this one, or of another."""

from __future__ import annotations

import math
from typing import Any

import click
import msgspec

from .options import Failure

# What is compared, where it stands in the results, and whether more is better.
_FIGURES: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("segments a second", ("accepted_per_second",), True),
    ("response p50 ms", ("latency_ms", "p50"), False),
    ("response p99 ms", ("latency_ms", "p99"), False),
    ("response p99.9 ms", ("latency_ms", "p99.9"), False),
    ("receipt p50 ms", ("receipts", "latency_ms", "p50"), False),
    ("receipt p99 ms", ("receipts", "latency_ms", "p99"), False),
)

_MOST = 1_048_576  # octets of a file of results; one has some 1,000


class Earlier:
    """The results of an earlier run."""

    def __init__(self, path: str, figures: dict[str, Any]) -> None:
        self.path = path
        self.figures = figures

    def against(self, now: dict[str, Any], tolerance: float) -> bool:
        """Print both beside each other on standard error. Returns whether the segments a second fell by more than tolerance per cent.

        now: the later results, as their JSON has them.
        """
        click.echo(f"{'':20} {'before':>12} {'now':>12}   change", err=True)
        worse = False
        for name, path, more_is_better in _FIGURES:
            before, after = _at(self.figures, path), _at(now, path)
            if before is None or after is None:
                continue
            change = (after / before - 1) * 100 if before else 0.0 if after == before else math.inf
            click.echo(f"{name:20} {before:12,.3f} {after:12,.3f} {change:+7.1f} %", err=True)
            worse |= more_is_better and change < -tolerance
        options, later = self.figures.get("options"), now.get("options")
        if isinstance(options, dict) and isinstance(later, dict):
            differing = sorted(str(key) for key, value in later.items() if options.get(key) != value)
            if differing:
                click.echo(f"the runs differ in {', '.join(differing)}", err=True)
        return worse


def _at(figures: dict[str, Any], path: tuple[str, ...]) -> float | None:
    found: Any = figures
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def compared(path: str) -> Earlier:
    """Read the results that `smswire load --format json` wrote. Raises Failure."""
    try:
        with open(path, "rb") as file:
            octets = file.read(_MOST + 1)
        if len(octets) > _MOST:
            raise Failure(f"{path}: no results of smswire load: over {_MOST:,} octets")
        figures = msgspec.json.decode(octets)
    except msgspec.DecodeError as error:
        raise Failure(f"{path}: no results of smswire load: {error}") from None
    if not isinstance(figures, dict) or _at(figures, ("accepted_per_second",)) is None:
        raise Failure(f"{path}: no results of smswire load: accepted_per_second is missing or no number")
    return Earlier(path, figures)
