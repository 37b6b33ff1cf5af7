"""smswire: a protocol toolkit for SMS over SMPP 3.4 and HTTP (`smpp_core` below it reads and writes the octets of SMPP).

Importing it costs nothing: a name loads its module when it is asked for.
"""

TYPE_CHECKING = False  # as in typing, which need not be loaded for it
if TYPE_CHECKING:
    from smpp_core import Receipt

    from .http.client import HttpClient
    from .http.sync_client import SyncHttpClient
    from .message.address import Address
    from .message.compose import Composition, compose
    from .message.message import Message, Part
    from .message.reassemble import Reassembler
    from .message.received import Received
    from .session.account import Account
    from .session.backoff import Backoff
    from .session.client import Client
    from .session.inbound import Delivery
    from .session.limits import Limits
    from .session.many import SubmitResult
    from .session.metrics import Metrics
    from .session.outbind import OutbindClient
    from .session.outbox import Throttled
    from .session.pool import Pool
    from .session.retry import Retry
    from .session.send import Sent
    from .session.server import Server
    from .session.supervisor import Down, Up
    from .session.sync import SyncClient
    from .session.tls import client_context, server_context
    from .simulator.smsc import Simulator

_MODULES = {
    "smpp_core": ("Receipt",), ".http.client": ("HttpClient",), ".http.sync_client": ("SyncHttpClient",),
    ".message.address": ("Address",), ".message.compose": ("Composition", "compose"), ".message.message": ("Message", "Part"),
    ".message.reassemble": ("Reassembler",), ".message.received": ("Received",),
    ".session.account": ("Account",), ".session.backoff": ("Backoff",), ".session.client": ("Client",), ".session.inbound": ("Delivery",),
    ".session.limits": ("Limits",), ".session.many": ("SubmitResult",), ".session.metrics": ("Metrics",),
    ".session.outbind": ("OutbindClient",), ".session.pool": ("Pool",), ".session.retry": ("Retry",), ".session.send": ("Sent",),
    ".session.server": ("Server",), ".session.outbox": ("Throttled",), ".session.supervisor": ("Down", "Up"),
    ".session.sync": ("SyncClient",), ".session.tls": ("client_context", "server_context"),
    ".simulator.smsc": ("Simulator",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Account", "Address", "Backoff", "Client", "Composition", "Delivery", "Down", "HttpClient", "Limits", "Message", "Metrics",
    "OutbindClient", "Part", "Pool", "Reassembler", "Receipt", "Received", "Retry", "Sent", "Server", "Simulator", "SubmitResult",
    "SyncClient", "SyncHttpClient", "Throttled", "Up", "__version__", "client_context", "compose", "server_context",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(home, __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
