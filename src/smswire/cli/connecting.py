"""Commands, above layer 9: what the commands that open an SMPP connection share: its options, the loop they run on, how errors read."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from smpp_core import CommandFailed, EncodeError, RequestTimeout, SessionClosed, SmppError

from ..session.tls import client_context
from ..session.url import Endpoint, parse_url
from .options import Failure

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def connection_options(function: F) -> F:
    """The options --smpp, --password-file, --cafile, --insecure and --profile."""
    for option in reversed((
        click.option("--smpp", "url", metavar="URL", required=True, help="smpp://system_id:password@host:port; smpps:// for TLS."),
        click.option("--password-file", type=click.Path(exists=True, dir_okay=False), help="A file whose first line is the password."),
        click.option("--cafile", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust instead of the system's."),
        click.option("--insecure", is_flag=True, help="Do not verify the server's certificate."),
        click.option("--profile", default="vendor", show_default=True, metavar="NAME|FILE", help="Dialect: vendor, standard or a file."),
    )):
        function = option(function)
    return function


def endpoint_of(url: str, password_file: str | None) -> Endpoint:
    """Read the URL; the password is the file's, else that of SMSWIRE_PASSWORD, else the URL's. Raises Failure."""
    password = os.environ.get("SMSWIRE_PASSWORD")
    if password_file is not None:
        with open(password_file, encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
    try:
        return parse_url(url, password)
    except EncodeError as error:
        raise Failure(f"--smpp: {error}") from None


def tls_of(endpoint: Endpoint, cafile: str | None, insecure: bool) -> ssl.SSLContext | None:
    """The TLS context of the options, None for a plain connection. Raises Failure."""
    if not endpoint.tls:
        if cafile or insecure:
            raise Failure("--cafile and --insecure need an smpps:// URL")
        return None
    try:
        return client_context(cafile=cafile, insecure=insecure)
    except SmppError as error:
        raise Failure(str(error)) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where it exists, else on asyncio. Ctrl-C cancels the work, which may tidy up; a second one stops it at once."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    try:
        from uvloop import new_event_loop as factory
    except ImportError:
        pass
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def sentence(error: BaseException, endpoint: Endpoint) -> str:
    """What went wrong while connecting, in one sentence."""
    hosts = ", ".join(f"{host}:{port}" for host, port in endpoint.hosts)
    if isinstance(error, CommandFailed):
        row = error.response.status
        return f"{hosts}: {error.response.command} says {row.name} (0x{row.value:X}): {row.meaning}"
    if isinstance(error, SessionClosed | RequestTimeout | OSError):
        return f"{hosts}: {error}"
    return str(error)
