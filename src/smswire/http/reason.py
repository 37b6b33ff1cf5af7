"""Layer 7 of 9: why an exchange failed, in words that never hold its URL, and who we say we are."""

from __future__ import annotations

import socket
import ssl
from typing import Final

__all__ = ["AGENT", "reason"]

AGENT: Final = "smswire"

_DEPTH: Final = 8  # causes of causes


def reason(error: BaseException) -> str:
    """Words for an error of a socket, of TLS, or of a library that wraps one. Texts of libraries are not among them: they name URLs."""
    seen: BaseException | None = error
    for _ in range(_DEPTH):
        if seen is None:
            break
        words = _words(seen)
        if words:
            return words
        inner = [getattr(seen, name, None) for name in ("os_error", "certificate_error", "reason", "__cause__", "__context__")]
        inner += list(getattr(seen, "args", ()))
        seen = next((cause for cause in inner if isinstance(cause, BaseException)), None)
    return "the connection broke"


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        # Subclasses of other libraries lack these.
        verify, why = getattr(error, "verify_message", ""), getattr(error, "reason", "")
        return f"the certificate is refused: {verify}" if verify else f"TLS failed: {why}" if isinstance(why, str) and why else ""
    if isinstance(error, socket.gaierror):
        return f"the name is not found: {error.strerror}"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "the connection broke"
    if isinstance(error, TimeoutError):
        return "no connection in time"
    # Subclasses of OSError of other libraries put their own words where the system's stand.
    if type(error) is OSError and error.errno is not None and isinstance(error.strerror, str):
        return error.strerror
    return ""
