"""What the interop tests share: the modules beside them, and a folder for what must be compiled."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

# Last, so that nothing installed is shadowed: the tests and the peer programs import exchange.py by that name.
sys.path.append(str(Path(__file__).parent))


HARD_LIMIT = 45  # seconds of a test; the peers have less (programs.LIMIT), so only a loop that stands still comes here


@pytest.fixture(autouse=True)
def ends_in_time() -> Iterator[None]:
    """No test outlives HARD_LIMIT, even if our own event loop never gets to look at the clock."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the test took over {HARD_LIMIT} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(HARD_LIMIT)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=["asyncio", pytest.param("uvloop", marks=pytest.mark.slow)])
def run_on(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """asyncio.run on the loop of asyncio, and on uvloop."""
    factory = None if request.param == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(work)

    return run


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Files of a certificate for 127.0.0.1 that signs itself, and of its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, the command, is not installed: apt install openssl")
    folder = tmp_path_factory.mktemp("tls")
    made, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=interop")
    words = ("openssl", "req", *kind, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made)
    subprocess.run(words, check=True, capture_output=True)
    return made, key


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where programs are compiled to, once."""
    return tmp_path_factory.mktemp("interop")
