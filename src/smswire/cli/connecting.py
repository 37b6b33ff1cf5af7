"""Commands, above layer 9: what the commands that open an SMPP connection share: its options, the loop they run on, how errors read."""

from __future__ import annotations

import asyncio
import errno
import json
import math
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

import click

from smpp_core import CommandFailed, EncodeError, RequestTimeout, SessionClosed, SmppError

from ..session.tls import client_context
from ..session.url import Endpoint, parse_url
from .options import Failure

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_PASSWORD_FILE = 4096  # octets of its first line at the most: a password has 8
_NAMES = frozenset((62, 64))  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH


class Amount(click.FloatRange):
    """A number above 0, or from 0 on, that is neither infinite nor NaN, which a range of floats lets through."""

    def __init__(self, zero: bool = False) -> None:
        super().__init__(min=0, min_open=not zero)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{found} is no number to work with", param, ctx)
        return found


def connection_options(function: F) -> F:
    """The options --smpp, --password-file, --cafile, --insecure and --profile."""
    for option in reversed((
        click.option("--smpp", "url", metavar="URL", help="smpp://system_id:password@host:port; smpps:// for TLS."),
        click.option("--password-file", type=click.Path(exists=True, dir_okay=False), help="A file whose first line is the password."),
        click.option("--cafile", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust instead of the system's."),
        click.option("--insecure", is_flag=True, help="Do not verify the server's certificate."),
        click.option("--profile", default="vendor", show_default=True, metavar="NAME|FILE", help="Dialect: vendor, standard or a file."),
    )):
        function = option(function)
    return function


def endpoint_of(url: str | None, password_file: str | None, receipts: str | None = None) -> Endpoint:
    """Read the URL; the password is the file's, else that of SMSWIRE_PASSWORD, else the URL's.

    receipts: the option that asks for receipts, if it was given: the bind must be of a kind that gets them. Raises Failure.
    """
    if url is None:
        raise click.UsageError("Missing option '--smpp'")
    try:
        endpoint = parse_url(url, secret(password_file))
    except EncodeError as error:
        raise Failure(f"--smpp: {error}") from None
    if endpoint.bind == "receiver":
        raise Failure("--smpp: a receiver cannot send; leave bind=receiver out of the URL")
    if receipts is not None and endpoint.bind == "transmitter":
        raise Failure(f"--smpp: a transmitter gets no receipts, for which {receipts} waits; leave bind=transmitter out of the URL")
    return endpoint


def secret(password_file: str | None) -> str | None:
    """The password: the first line of the file, else SMSWIRE_PASSWORD, else None. Raises Failure."""
    if password_file is None:
        return os.environ.get("SMSWIRE_PASSWORD")
    with open(password_file, "rb") as file:
        line = file.readline(_PASSWORD_FILE)
    try:
        return line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Failure(f"--password-file: the first line of {password_file} is no text in UTF-8") from None


def tls_of(endpoint: Endpoint, cafile: str | None, insecure: bool) -> ssl.SSLContext | None:
    """The TLS context of the options, None for a plain connection. Raises Failure."""
    if not endpoint.tls:
        if cafile or insecure:
            raise Failure("--cafile and --insecure need an smpps:// URL")
        return None
    if cafile and insecure:
        raise Failure("--insecure verifies nothing, so that --cafile is of no use; give one of them")
    try:
        return client_context(cafile=cafile, insecure=insecure)
    except SmppError as error:
        raise Failure(str(error)) from None


# -- running ----------------------------------------------------------------------------------------------------------------------


def fill_streams() -> None:
    """Open the null device where standard input, output or error is closed: no socket may get their numbers, which uvloop never closes."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number


def need_output() -> None:
    """Raise OSError if standard output is closed: what a command that sends has to say must not be lost."""
    fill_streams()
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")


def one_line(record: dict[str, Any]) -> str:
    """The record as a line of JSON; on a terminal in ASCII, so that nothing that a peer wrote acts there."""
    return json.dumps(record, ensure_ascii=sys.stdout.isatty(), separators=(",", ":")) + "\n"


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it SIGTERM does what Ctrl-C does: what is connected unbinds, and the command says how far it got."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):  # a shell ignores SIGINT for what it runs in the background
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it exists, else on asyncio. Ctrl-C or SIGTERM cancels the work, which tidies up; a second one ends it at once."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    try:
        from uvloop import new_event_loop as factory
    except ImportError:
        pass
    with interruptible(), asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


# -- what went wrong --------------------------------------------------------------------------------------------------------------


def hosts_of(endpoint: Endpoint) -> str:
    """The hosts of the URL with their ports."""
    return ", ".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in endpoint.hosts)


def sentence(error: BaseException, endpoint: Endpoint) -> str:
    """What went wrong while connecting, in one sentence."""
    hosts = hosts_of(endpoint)
    if isinstance(error, CommandFailed):
        row = error.response.status
        return f"{hosts}: {error.response.command} says {row.name} (0x{row.value:X}): {row.meaning}"
    cause = error.__cause__
    if isinstance(error, SessionClosed) and cause is not None:  # of several hosts it is that of the last
        words = _reason(cause, endpoint)
        if len(endpoint.hosts) == 1:
            return f"{hosts}: {words}"
        return f"{error}; of the last one: {words}" if isinstance(cause, ssl.SSLError) else str(error)
    if isinstance(error, SessionClosed | RequestTimeout | OSError):
        return f"{hosts}: {error}"
    return str(error)


def _reason(cause: BaseException, endpoint: Endpoint) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = cause.verify_message.rstrip(".")
        advice = "connect by a name that it has" if cause.verify_code in _NAMES else "--cafile FILE trusts the one who signed it"
        return f"the server's certificate is not trusted: {why}; {advice}, --insecure verifies nothing"
    if isinstance(cause, socket.gaierror):
        return cause.strerror or str(cause)
    if endpoint.tls and isinstance(cause, ssl.SSLError | ConnectionResetError | ConnectionAbortedError):
        why = str(getattr(cause, "reason", None) or cause).lower().replace("_", " ") or "the peer ended it"
        return f"the TLS handshake failed: {why}; does that port speak TLS? smpp:// connects without"
    if isinstance(cause, OSError):
        return cause.strerror or str(cause) or type(cause).__name__
    if isinstance(cause, SessionClosed | RequestTimeout):
        return f"{cause}; is that an SMPP port{' with' if endpoint.tls else ' without'} TLS?"
    return str(cause) or type(cause).__name__
