"""Layer 7 of 9: access points of the API: where they are, read from URLs, and the proxy on the way to each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NoReturn
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from msgspec import Struct

from smpp_core import EncodeError

from ..session.url import Endpoint
from .exchange import HttpRequest
from .service import route

__all__ = ["AccessPoint", "parse_points", "proxy_of"]

_PORTS: Final = {"http": 80, "https": 443}
_NEXT_URL: Final = re.compile(r",\s*(?=https?://)", re.IGNORECASE)
_BASE: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class AccessPoint(Struct, frozen=True):
    """One access point. host: a name in ASCII or an address, without brackets. base: what stands before the service's path, or ""."""

    host: str
    port: int
    tls: bool = False
    base: str = ""

    @property
    def origin(self) -> str:
        """`https://host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    def url(self, request: HttpRequest) -> str:
        """The URL of a request without its query, which may hold the password."""
        return f"{self.origin}{self.base}{request.path}"

    def __str__(self) -> str:
        return self.origin + self.base


def parse_points(
    url: str | Iterable[str], user: str | None = None, password: str | None = None,
) -> tuple[tuple[AccessPoint, ...], str, str]:
    """Read `https://user:password@host:port,host:port/base`, or several such URLs, in a list or with commas between them.

    user, password: instead of those of the URL. Ports are 80 and 443 unless given; IPv6 addresses stand in brackets; `%40` is an `@` in a
    name or password. Returns the access points in order, the user and the password. Raises EncodeError, whose text never holds what may be
    a password, for a URL that is none, two that disagree about who asks, and where nobody is named.
    """
    urls = _NEXT_URL.split(url) if isinstance(url, str) else list(url)
    points: list[AccessPoint] = []
    logins: set[tuple[str, str]] = set()
    for one in urls:
        found, login = _parse(one)
        points.extend(point for point in found if point not in points)
        if login is not None:
            logins.add(login)
    if not points:
        _refuse("url", "there is no access point")
    if len(logins) > 1:
        _refuse("url", "two URLs name different users or passwords")
    named = logins.pop() if logins else (None, None)
    user = named[0] if user is None else user
    password = named[1] if password is None else password
    if user is None:
        _refuse("user", "nobody is named: give user and password")
    return tuple(points), user, password or ""


def proxy_of(point: AccessPoint, proxy: str) -> str:
    """The URL of the proxy on the way to an access point, "" for none. proxy: a URL, "" or "environment" (HTTP_PROXY, NO_PROXY, …)."""
    if proxy != "environment":
        return proxy
    found = getproxies()
    if not found or proxy_bypass(f"{point.host}:{point.port}") or proxy_bypass(point.host):
        return ""
    return found.get("https" if point.tls else "http") or found.get("all") or ""


def check_proxy(proxy: str) -> None:
    """Raise EncodeError for what is neither "", "environment" nor the URL of an HTTP proxy."""
    if proxy not in ("", "environment") and not re.match(r"https?://[^/?#]", proxy, re.IGNORECASE):
        _refuse("proxy", "proxy is neither environment nor a URL that begins with http:// or https://")


def _parse(url: str) -> tuple[list[AccessPoint], tuple[str, str] | None]:
    if not isinstance(url, str):
        _refuse("url", f"url is a {type(url).__name__}, not str")
    scheme, mark, rest = url.strip().partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in _PORTS:
        _refuse("url", "the URL of an access point begins with http:// or https://")
    cut = min((place for place in map(rest.find, "/?#") if place >= 0), default=len(rest))
    authority, base = rest[:cut], rest[cut:].rstrip("/")
    if "?" in base or "#" in base or "@" in base:
        _refuse("url", "the URL of an access point has no query; / ? # @ in a name or password are written %2F %3F %23 %40")
    if not _BASE.fullmatch(base) or _BROKEN_ESCAPE.search(base):
        _refuse("url", "the path of the URL has characters that must be written with % escapes")
    if route(base) or base == "/api" or base.startswith("/api/"):
        _refuse("url", "the URL ends at the host: the paths of the services, /api/…, are added to it")
    login, mark, hosts = authority.rpartition("@")
    user, _, secret = login.partition(":")
    points = [_point(scheme, host, base) for host in hosts.split(",")]
    return points, (_unquoted(user, "user"), _unquoted(secret, "password")) if mark else None


def _point(scheme: str, text: str, base: str) -> AccessPoint:
    """One host of the list. Neither a port nor a host that cannot be one is shown: without an @ they may be name and password."""
    port = _PORTS[scheme]
    found = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?", text.strip())
    if not found:
        _refuse("url", "a host in a URL is host:port; an IPv6 address stands in brackets, an @ stands between the password and the host")
    host = found[1]
    if host.startswith("["):
        host = host[1:-1]
        if ":" not in host:
            _refuse("url", "brackets in a URL are for IPv6 addresses")
    if found[2]:
        port = int(found[2])
    if not 1 <= port <= 65_535:
        _refuse("url", "a port in the URL is not a number from 1 to 65535")
    Endpoint(hosts=((host, port),))  # refuses what is no host
    return AccessPoint(host if ":" in host else host.encode("idna").decode().lower(), port, scheme == "https", base)


def _unquoted(text: str, field: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        _refuse(field, f"{field} has a % without two hex digits; a % itself is written %25")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        problem = f"the escapes of {field} are not UTF-8"
    _refuse(field, problem)


def proxy_login(proxy: str) -> tuple[str, str]:
    """The URL of a proxy without its login, and the login as `name:password`, "" if there is none."""
    parts = urlsplit(proxy)
    login, mark, host = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{host}", unquote(login) if mark else ""


def _refuse(field: str, problem: str) -> NoReturn:
    raise EncodeError(problem, field)
