"""Layer 6 of 9: TLS contexts, for clients that verify whom they talk to and for servers."""

from __future__ import annotations

import logging
import os
import ssl
from typing import NoReturn

from smpp_core import EncodeError

__all__ = ["client_context", "server_context"]

_LOG = logging.getLogger("smswire.session")

_Path = str | os.PathLike[str]


def client_context(
    *, cafile: _Path | None = None, insecure: bool = False, certfile: _Path | None = None, keyfile: _Path | None = None,
    key_password: str | None = None,
) -> ssl.SSLContext:
    """A context for connecting: TLS 1.2 or later; the server's certificate and its name are verified.

    cafile: PEM file of the certificates to trust instead of the system's. insecure: True verifies nothing, and a warning is logged: anyone
    on the way can read and change all messages and the password. certfile, keyfile: PEM files by which the client shows who it is; the
    key may stand in certfile. key_password: of an encrypted key. Raises EncodeError with the field at fault and a sentence.
    """
    if insecure and cafile is not None:
        raise EncodeError("insecure=True verifies nothing, so cafile has no use; give one of them", "insecure")
    if keyfile is not None and certfile is None:
        raise EncodeError("keyfile is given without certfile", "certfile")
    context = _verifying(cafile)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        _LOG.warning("TLS without verification: the server may be anyone")
    if certfile is not None:
        _load_chain(context, certfile, keyfile, key_password)
    return context


def server_context(
    certfile: _Path, keyfile: _Path | None = None, *, key_password: str | None = None, cafile: _Path | None = None,
) -> ssl.SSLContext:
    """A context for accepting connections: TLS 1.2 or later.

    certfile: PEM file of the certificate and those between it and the root. keyfile: PEM file of its key, which may stand in certfile.
    key_password: of an encrypted key. cafile: if given, clients must show a certificate that one of these signed. Raises EncodeError
    with the field at fault and a sentence.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client that renegotiates again and again makes the server work for nothing.
    context.options |= ssl.OP_NO_RENEGOTIATION
    _load_chain(context, certfile, keyfile, key_password)
    if cafile is not None:
        _load_roots(context, cafile)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _verifying(cafile: _Path | None) -> ssl.SSLContext:
    if cafile is None:
        context = ssl.create_default_context()
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies, and trusts nobody yet
        _load_roots(context, cafile)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load_roots(context: ssl.SSLContext, cafile: _Path) -> None:
    _check(cafile, "cafile")
    try:
        context.load_verify_locations(os.fspath(cafile))
    except (ssl.SSLError, OSError) as error:
        _refuse("cafile", cafile, "holds no certificate in PEM form", error)


def _load_chain(context: ssl.SSLContext, certfile: _Path, keyfile: _Path | None, key_password: str | None) -> None:
    _check(certfile, "certfile")
    if keyfile is not None:
        _check(keyfile, "keyfile")
    field, key = ("certfile", certfile) if keyfile is None else ("keyfile", keyfile)
    asked = False

    def password() -> str:
        # Without this function OpenSSL would ask on the terminal and wait.
        nonlocal asked
        asked = True
        return key_password or ""

    try:
        context.load_cert_chain(os.fspath(certfile), None if keyfile is None else os.fspath(keyfile), password)
    except (ssl.SSLError, OSError, ValueError) as error:
        if asked:
            problem = "is encrypted and key_password does not open it" if key_password else "is encrypted; give key_password"
            _refuse(field, key, problem, error)
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            _refuse(field, key, f"holds a key that does not belong to the certificate in {os.fspath(certfile)}", error)
        _refuse("certfile", certfile, f"and its key (in {os.fspath(key)}) cannot be read as a certificate and a key in PEM form", error)


def _check(path: _Path, field: str) -> None:
    """Open the file once: what OpenSSL says about a missing one names no file."""
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        _refuse(field, path, f"cannot be opened: {error.strerror or error}", error)


def _refuse(field: str, path: _Path, problem: str, cause: Exception) -> NoReturn:
    raise EncodeError(f"TLS: {field} {os.fspath(path)} {problem}", field) from cause
