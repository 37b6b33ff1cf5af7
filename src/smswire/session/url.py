"""Layer 6 of 9: where to connect and as whom, written as one URL."""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from typing import Any, Literal, NoReturn
from urllib.parse import quote, unquote

import msgspec

from smpp_core import BindReceiver, BindTransceiver, BindTransmitter, EncodeError, Pdu, Profile
from smpp_core.spec.commands import BY_NAME

__all__ = ["Endpoint", "format_url", "parse_url"]

Bind = Literal["transceiver", "transmitter", "receiver"]

PORT = 2775  # registered for SMPP
TLS_PORT = 2776

_PDUS = {"transceiver": BindTransceiver, "transmitter": BindTransmitter, "receiver": BindReceiver}
_BINDS: dict[str, Bind] = {
    "transceiver": "transceiver", "trx": "transceiver", "transmitter": "transmitter", "tx": "transmitter",
    "receiver": "receiver", "rx": "receiver",
}
_VERSIONS = {"3.3": 0x33, "3.4": 0x34, "5.0": 0x50}
_TEXTS = {field.name: field for field in BY_NAME["bind_transceiver"].fields if field.kind == "cstring"}
# More requests in flight than this are a slip: the whole window is lost work when a link falls.
_WINDOW = 100_000
_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#\[\]@:,%\\]{1,253}")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """One account at one or more hosts, tried in order. The password is never shown by repr or str.

    hosts: (name or address, port) pairs, one at least. tls: connect with TLS. system_id (up to 15 characters), password (8), system_type
    (12), address_range (40), addr_ton, addr_npi, interface_version: fields of the bind, as SMPP 3.4 4.1 has them. bind: "transceiver",
    "transmitter" or "receiver". window: requests in flight, 1 to 100,000. rate: segments a second, above 0. timeout: seconds to wait for
    a response. bind_timeout: seconds to connect and bind. enquire_link: seconds of silence before an enquire_link, 0 for never. None
    leaves those to the client. Raises EncodeError with the field at fault.
    """

    hosts: tuple[tuple[str, int], ...]
    tls: bool = False
    system_id: str = ""
    password: str = ""
    bind: Bind = "transceiver"
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    window: int | None = None
    rate: float | None = None
    timeout: float | None = None
    bind_timeout: float | None = None
    enquire_link: float | None = None

    def __post_init__(self) -> None:
        if not self.hosts:
            _refuse("host", "an endpoint has one host at least")
        for host, port in self.hosts:
            _check_host(host)
            if not 1 <= port <= 65_535:
                _refuse("host", f"port {port} of {host} is not from 1 to 65535")
        if self.bind not in _PDUS:
            _refuse("bind", f"bind {self.bind!r} is none of {', '.join(_PDUS)}", self.bind, _PDUS)
        for name in _TEXTS:
            _check_text(name, getattr(self, name))
        for name in ("interface_version", "addr_ton", "addr_npi"):
            if not 0 <= getattr(self, name) <= 255:
                _refuse(name, f"{name} is {getattr(self, name)}, it must be from 0 to 255")
        if self.window is not None and not 1 <= self.window <= _WINDOW:
            _refuse("window", f"window is {self.window}, it must be from 1 to {_WINDOW}")
        for name in ("rate", "timeout", "bind_timeout", "enquire_link"):
            number = getattr(self, name)
            if number is not None and not (math.isfinite(number) and (number > 0 or number == 0 and name == "enquire_link")):
                _refuse(name, f"{name} is {number:g}, it must be {'0 or more' if name == 'enquire_link' else 'above 0'}")

    def __rich_repr__(self) -> Any:
        """The fields for msgspec's repr, which asks here, and for rich: the password only as stars."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            yield name, "***" if name == "password" and value else value

    def __repr__(self) -> str:
        return f"Endpoint({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__() if value not in ('', None))})"

    def __str__(self) -> str:
        """The URL with stars for the password, for logs."""
        return _url(self, "***" if self.password else None)

    def bind_pdu(self, profile: Profile | None = None) -> Pdu:
        """The bind request that these fields make, with sequence_number 0."""
        return _PDUS[self.bind](
            system_id=self.system_id, password=self.password, system_type=self.system_type, interface_version=self.interface_version,
            addr_ton=self.addr_ton, addr_npi=self.addr_npi, address_range=self.address_range, profile=profile,
        )


def parse_url(url: str, password: str | None = None) -> Endpoint:
    """Read `smpp://system_id:password@host:port,host:port/?bind=…&system_type=…`, or `smpps://` for TLS.

    Ports are 2775 and 2776 unless given; IPv6 addresses stand in brackets; `%40` is an `@` in a name or password, UTF-8 elsewhere. Query
    keys are the fields of `Endpoint`; bind takes transceiver, trx, transmitter, tx, receiver, rx; interface_version takes 3.3, 3.4, 5.0 or
    0x and two hex digits. password: replaces that of the URL, so that it need not stand there. Returns an Endpoint. Raises EncodeError
    whose text never holds what may be a password.
    """
    scheme, mark, rest = url.strip().partition("://")
    if not mark or scheme.lower() not in ("smpp", "smpps"):
        _refuse("url", "an SMPP URL begins with smpp:// or smpps://")
    tls = scheme.lower() == "smpps"
    # The authority ends at the first of these. What is behind it is never shown: it may be the rest of a password written without escapes.
    cut = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    authority, tail = rest[:cut], rest[cut:]
    if "@" in tail:
        _refuse("url", "an @ behind the hosts must be written %40; so must / ? # and : in a name or password: %2F %3F %23 %3A")
    login, mark, hosts = authority.rpartition("@")
    system_id, _, secret = login.partition(":")
    path, _, query = tail.partition("?")
    if "#" in tail:
        _refuse("url", "a # in a URL must be written %23")
    if path not in ("", "/"):
        _refuse("url", "an SMPP URL has no path: behind the hosts stands / or nothing, then ? and options")
    fields: dict[str, Any] = _options(query)
    return Endpoint(
        hosts=tuple(_host(part, TLS_PORT if tls else PORT) for part in hosts.split(",")), tls=tls,
        system_id=_unquoted(system_id, "system_id"), password=_unquoted(secret, "password") if password is None else password, **fields,
    )


def format_url(endpoint: Endpoint, *, with_password: bool = False) -> str:
    """Write an Endpoint as a URL. With its password, parse_url gives an equal Endpoint; without, parse_url(url, password) does."""
    return _url(endpoint, quote(endpoint.password, safe="") if with_password and endpoint.password else None)


def _url(endpoint: Endpoint, secret: str | None) -> str:
    login = quote(endpoint.system_id, safe="")
    if secret is not None:
        login += ":" + secret
    hosts = ",".join(f"[{host.replace('%', '%25')}]:{port}" if ":" in host else f"{host}:{port}" for host, port in endpoint.hosts)
    options = []
    for field in msgspec.structs.fields(Endpoint):
        value = getattr(endpoint, field.name)
        if field.name in ("hosts", "tls", "system_id", "password") or value == field.default:
            continue
        text = f"0x{value:02X}" if field.name == "interface_version" else repr(value) if isinstance(value, float) else str(value)
        options.append(f"{field.name}={quote(text, safe=':')}")
    return f"smpp{'s' if endpoint.tls else ''}://{login}{'@' if login else ''}{hosts}/{'?' if options else ''}{'&'.join(options)}"


def _options(query: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in query.split("&") if query else ():
        name, mark, text = part.partition("=")
        if name == "password":
            _refuse("password", "a password does not stand in the query; write system_id:password@host, or give it apart from the URL")
        if name not in _READERS:
            _refuse(name, f"unknown option {name!r} in the URL", name, _READERS)
        if not mark:
            _refuse(name, f"option {name} has no value")
        if name in found:
            _refuse(name, f"option {name} stands twice in the URL")
        found[name] = _READERS[name](name, _unquoted(text, name))
    return found


def _text(name: str, text: str) -> str:
    return text


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        _refuse(name, f"{name} is {text!r}, it must be a whole number")
    return int(text)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        _refuse(name, f"{name} is {text!r}, it must be a number")


def _bind(name: str, text: str) -> Bind:
    if text.lower() not in _BINDS:
        _refuse(name, f"bind {text!r} is none of {', '.join(_BINDS)}", text, _BINDS)
    return _BINDS[text.lower()]


def _version(name: str, text: str) -> int:
    if text in _VERSIONS:
        return _VERSIONS[text]
    if not re.fullmatch(r"0[xX][0-9A-Fa-f]{1,2}", text):  # 34 would be read by some as 0x34 and by others as 0x22
        _refuse(name, f"interface_version {text!r} is none of {', '.join(_VERSIONS)} and not 0x with two hex digits")
    return int(text, 16)


_READERS = {
    "bind": _bind, "system_type": _text, "interface_version": _version, "addr_ton": _whole, "addr_npi": _whole, "address_range": _text,
    "window": _whole, "rate": _number, "timeout": _number, "bind_timeout": _number, "enquire_link": _number,
}


def _host(text: str, port: int) -> tuple[str, int]:
    """One host of the list. Neither a port nor a host that cannot be one is shown: without an @ they may be name and password."""
    name, mark, digits = text.partition(":")
    if text.startswith("["):
        name, closed, after = text[1:].partition("]")
        if not closed or after[:1] not in ("", ":"):
            _refuse("host", "an IPv6 address in a URL stands in brackets, with :port behind them")
        name, mark, digits = _unquoted(name, "host"), after[:1], after[1:]
        if ":" not in name:
            _refuse("host", "brackets in a URL are for IPv6 addresses")
    elif ":" in digits:
        _refuse("host", "a host in a URL is host:port; an IPv6 address stands in brackets, an @ stands before the hosts")
    if mark:
        if not re.fullmatch(r"[0-9]{1,5}", digits):
            _refuse("host", "a port in the URL is not a number from 1 to 65535 (an @ stands between the password and the host)")
        port = int(digits)
    return name, port


def _check_host(host: str) -> None:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            _refuse("host", "a host in the URL is no IPv6 address")
    elif not _HOST.fullmatch(host):
        _refuse("host", "a host is missing or has characters that no host name has")
    else:
        try:
            host.encode("idna")  # as looking it up does
        except UnicodeError:
            _refuse("host", "a host in the URL has an empty label, one of more than 63 characters, or one that no name may have")


def _check_text(name: str, text: str) -> None:
    """As the core checks them, but now and not when the link is up; a password's characters are not shown."""
    field = _TEXTS[name]
    if len(text) >= field.max:
        _refuse(name, f"{name} has {len(text)} characters, the limit is {field.max - 1} ({field.section})")
    if any(character < " " or "\x7f" <= character < "\xa0" for character in text):
        _refuse(name, f"{name} has a control character")
    if any(character > "\xff" for character in text):
        _refuse(name, f"{name} has a character outside Latin-1 ({field.section})")


def _unquoted(text: str, field: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        _refuse(field, f"{field} has a % without two hex digits; a % itself is written %25")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        _refuse(field, f"the escapes of {field} are not UTF-8")


def _refuse(field: str, problem: str, word: str = "", known: Any = ()) -> NoReturn:
    near = difflib.get_close_matches(word, list(known), 1) if word else []
    # from None: the cause of a broken escape holds the text itself.
    raise EncodeError(problem + (f"; did you mean {near[0]!r}?" if near else ""), field) from None
