"""A simulated SMSC in a process of its own, for the commands that connect to one."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def simulated(*arguments: str) -> Iterator[str]:
    """Run `smswire simulate` with the account test:test; gives host:port."""
    command = [sys.executable, "-m", "smswire", "simulate", "--listen", "127.0.0.1:0", "--account", "test:test", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word in ("smpp", "smpps")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
