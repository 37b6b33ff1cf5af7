"""Layer 8 of 9: how long things take: distributions of delays, drawn by a number between 0 and 1."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import exp, log1p
from statistics import NormalDist
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Constant", "Delay", "Exponential", "Lognormal", "Steps", "Step", "Uniform"]

Seconds = Annotated[float, Meta(ge=0, le=31_536_000)]
Positive = Annotated[float, Meta(gt=0, le=31_536_000)]
Share = Annotated[float, Meta(gt=0)]

_NORMAL = NormalDist()
_TAIL = 1e-9  # the normal quantile has no value at 0 and 1 themselves


class _Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A distribution. `quantile` grows with u, so that a delay is a function of one number."""

    def quantile(self, u: float) -> float:
        """The delay in seconds below which the share u (0 to 1, 1 excluded) of all delays lies."""
        raise NotImplementedError


class Constant(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="constant"):
    """Always the same."""

    seconds: Seconds

    def quantile(self, u: float) -> float:
        return self.seconds


class Uniform(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="uniform"):
    """Anything from least to most, all equally likely."""

    least: Seconds
    most: Seconds

    def __post_init__(self) -> None:
        if self.most < self.least:
            raise ValueError(f".most: {self.most:g} is less than least, {self.least:g}")

    def quantile(self, u: float) -> float:
        return self.least + (self.most - self.least) * u


class Exponential(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="exponential"):
    """Short ones often, long ones seldom; `least` is added to each, none is over `most`."""

    mean: Positive
    least: Seconds = 0.0
    most: Seconds = 86_400.0

    def quantile(self, u: float) -> float:
        return min(self.least - self.mean * log1p(-u), self.most)


class Lognormal(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="lognormal"):
    """What networks look like: half of all take less than the median, a few very much more. None is over `most`."""

    median: Positive
    sigma: Annotated[float, Meta(ge=0, le=10)] = 1.0
    most: Seconds = 86_400.0

    def quantile(self, u: float) -> float:
        return min(self.median * exp(self.sigma * _NORMAL.inv_cdf(min(max(u, _TAIL), 1 - _TAIL))), self.most)


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step: a share of all delays, spread evenly from least to most."""

    share: Share
    least: Seconds
    most: Seconds

    def __post_init__(self) -> None:
        if self.most < self.least:
            raise ValueError(f".most: {self.most:g} is less than least, {self.least:g}")


class Steps(_Kind, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="steps"):
    """A histogram: shares in any unit, as 90 and 10, each with its bounds, in order of time."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        for i, (earlier, later) in enumerate(zip(self.steps, self.steps[1:]), 1):
            if later.least < earlier.most:
                raise ValueError(f".steps[{i}].least: {later.least:g} is less than the step before ends, {earlier.most:g}")

    def quantile(self, u: float) -> float:
        bounds = list(accumulate(step.share for step in self.steps))
        at = u * bounds[-1]
        i = min(bisect_right(bounds, at), len(bounds) - 1)
        step = self.steps[i]
        return step.least + (step.most - step.least) * min(1.0, (at - bounds[i] + step.share) / step.share)


Delay = Constant | Uniform | Exponential | Lognormal | Steps
