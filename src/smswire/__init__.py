"""smswire: a protocol toolkit for SMS over SMPP 3.4 (`smpp_core` below it reads and writes the octets).

Importing it costs nothing: a name loads its module when it is asked for.
"""

TYPE_CHECKING = False  # as in typing, which need not be loaded for it
if TYPE_CHECKING:
    from smpp_core import Receipt

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
    from .session.pool import Pool
    from .session.retry import Retry
    from .session.send import Sent
    from .session.server import Server
    from .session.sync import SyncClient
    from .session.tls import client_context, server_context
    from .simulator.smsc import Simulator

_HOMES = {
    "Account": ".session.account", "Address": ".message.address", "Backoff": ".session.backoff", "Client": ".session.client", "Composition": ".message.compose",
    "Delivery": ".session.inbound", "Limits": ".session.limits", "Message": ".message.message", "Metrics": ".session.metrics",
    "Part": ".message.message", "Pool": ".session.pool", "OutbindClient": ".session.outbind", "Reassembler": ".message.reassemble", "Receipt": "smpp_core",
    "Received": ".message.received", "Server": ".session.server", "Simulator": ".simulator.smsc", "SubmitResult": ".session.many",
    "SyncClient": ".session.sync", "client_context": ".session.tls", "compose": ".message.compose", "server_context": ".session.tls",
    "Retry": ".session.retry", "Sent": ".session.send",
}

__all__ = [
    "Account", "Address", "Backoff", "Client", "Composition", "Delivery", "Limits", "Message", "Metrics", "OutbindClient", "Part", "Pool",
    "Reassembler", "Receipt", "Received", "Retry", "Sent", "Server", "Simulator", "SubmitResult", "SyncClient", "__version__",
    "client_context", "compose", "server_context",
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
