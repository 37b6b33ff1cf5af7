"""The benchmarks' modules lie beside them, and not in a package: the project's root must stay off the path, where smpp_core/ would hide the
installed one.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).parent))

if TYPE_CHECKING:
    from peers import Peer


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator["Peer"]:
    """The codec whose name is the parameter; skips where it is not installed."""
    import peers

    try:
        found = peers.make(request.param)
    except ImportError as error:
        pytest.skip(f"{request.param} is not installed: {error}")
    yield found
    found.close()
