"""Layer 8 of 9: pytest fixtures for other projects: `pytest_plugins = ["smswire.simulator.pytest_plugin"]` in their conftest.py.

`smsc` is an SMSC of the test's own, in a thread beside it, so plain and asynchronous tests use it alike. The marker says what it is like:
`@pytest.mark.smsc(scenario="throttled", seed=3)`, with the keys of BackgroundSimulator; on a class or a module it holds for all its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .background import BackgroundSimulator

__all__ = ["smsc", "smsc_factory"]


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "smsc(scenario, **options): what the simulated SMSC of the fixture `smsc` is like")


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the markers say, the nearest to the test last."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("smsc"))):
        if len(marker.args) > 1:
            raise pytest.UsageError("the marker smsc takes one argument, the scenario; all others by name")
        options |= dict(zip(("scenario",), marker.args)) | marker.kwargs
    return options


@pytest.fixture
def smsc(request: pytest.FixtureRequest) -> Iterator[BackgroundSimulator]:
    """A simulated SMSC with the account test, password test; its marker says more. It ends with the test."""
    with BackgroundSimulator(**_options(request)) as simulator:
        yield simulator


@pytest.fixture
def smsc_factory() -> Iterator[Callable[..., BackgroundSimulator]]:
    """Makes started SMSCs, for tests that need several: `smsc_factory("throttled", seed=3)`. They end with the test."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(BackgroundSimulator(*arguments, **options))
