"""Commands, above layer 9: the client that the commands over HTTP use, and how its errors read."""

from __future__ import annotations

from typing import Any

from smpp_core import EncodeError, SmppError

from ..http.batch import PartlySent
from ..http.client import HttpClient
from ..http.errors import DocumentError, RequestRefused
from ..session.tls import client_context
from .options import Failure

__all__ = ["client_of", "refused"]


def client_of(
    url: str, user: str | None, password: str | None, *, cafile: str | None = None, insecure: bool = False, **options: Any,
) -> HttpClient:
    """Make the client of a URL and of options. Raises Failure."""
    tls = None
    if cafile or insecure:
        if cafile and insecure:
            raise Failure("--insecure verifies nothing, so that --cafile is of no use; give one of them")
        if not url.lower().startswith("https://"):
            raise Failure("--cafile and --insecure need an https:// URL")
    try:
        if cafile or insecure:
            tls = client_context(cafile=cafile, insecure=insecure)
        return HttpClient(url, user, password, tls=tls, **options)
    except SmppError as error:
        before = "URL: " if isinstance(error, EncodeError) and error.field in ("url", "user", "password") else ""
        raise Failure(f"{before}{error}") from None


def refused(error: SmppError) -> str:
    """What kept a call from its answer, in one sentence."""
    if isinstance(error, PartlySent):
        return str(error)
    if isinstance(error, DocumentError):
        return f"this cannot be asked: {error}"
    if isinstance(error, RequestRefused):
        return f"the service says {error}"
    return str(error)
