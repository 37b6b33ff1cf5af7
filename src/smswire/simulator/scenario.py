"""Layer 8 of 9: one TOML file says what a simulated SMSC is like: accounts, networks, handsets, fates, receipts, limits, faults."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from smpp_core import SmppError
from smpp_core.spec.statuses import CommandStatus
from smpp_core.spec.vendor import TLVS as VENDOR_TLVS

from .complaint import problem_of, said_of, unknown_key
from .distribution import Constant, Delay, Lognormal
from .faults import Fault
from .receipt_forms import LETTERS

__all__ = [
    "CONTEXT_TLVS", "Account", "AccountDefaults", "Caps", "Context", "DistributionList", "Handset", "Ids", "Inbound", "Network", "Outcome",
    "Receipts", "Route", "Rule", "Scenario", "ScenarioError", "load", "of_document", "shipped",
]

Name = Annotated[str, Meta(min_length=1, max_length=15)]
Count = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]
Rate = Annotated[float, Meta(gt=0, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=315_360_000)]
State = Literal["DELIVERED", "EXPIRED", "DELETED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "REJECTED", "ENROUTE"]
IdStyle = Literal["decimal", "hex", "upper", "padded", "0x", "uuid"]
TlvName = Literal["receipted_message_id", "message_state", "network_error_code"]

CONTEXT_TLVS = tuple(row.name for row in VENDOR_TLVS.values() if row.name != "campaign_id")
_TEXT_MARKS = frozenset("\n=")


class ScenarioError(SmppError, ValueError):
    """A scenario cannot be used. key: path of the key at fault, as `account[0].tps`, "" for none; path: the file, "" for none."""

    def __init__(self, message: str, key: str = "", path: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.path = path


class AccountDefaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every account has; those named on the command line have nothing else.

    max_sessions: bound at once, of all kinds. window: deliver_sm without response, per session. tps: messages a second, 0 for any number;
    limiter: what happens over it: "window" (so many in each whole second, then RTHROTTLED), "bucket" (evenly; burst at once, then
    RTHROTTLED), "queue" (burst wait, then RMSGQFUL); burst: messages, default one second's. refused_senders: RINVSRCADR.
    """

    max_sessions: Count = 4
    window: Annotated[int, Meta(ge=1, le=100_000)] = 500
    tps: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    limiter: Literal["window", "bucket", "queue"] = "window"
    burst: Annotated[float, Meta(ge=1)] | None = None
    receipts: Literal["asked", "always", "never"] = "asked"
    refused_senders: tuple[str, ...] = ()
    profile: Literal["vendor", "standard"] = "vendor"


class Account(AccountDefaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may bind. name: system_id. password: octets on the wire are at most 8."""

    name: Name
    password: str = ""


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mobile network. prefixes: of its numbers, without "+"; the longest prefix wins. name and what follows: for Number Context.

    covered: False refuses its numbers. reports: False gives no receipts. delay: of its deliveries, default the scenario's.
    ported, roaming: share (0-1) of its numbers that Number Context calls so, to the network of that name; absent: share not reachable.
    """

    name: str
    prefixes: Annotated[tuple[Annotated[str, Meta(pattern="^[0-9]+$")], ...], Meta(min_length=1)]
    mccmnc: Annotated[str, Meta(pattern="^([0-9]{5,6})?$")] = ""
    country: str = ""
    country_code: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""
    country_prefix: Annotated[str, Meta(pattern="^[0-9]*$")] = ""
    network_prefix: Annotated[str, Meta(pattern="^[0-9]*$")] = ""
    covered: bool = True
    reports: bool = True
    delay: Delay | None = None
    ported: Annotated[float, Meta(ge=0, le=1)] = 0.0
    ported_to: str = ""
    roaming: Annotated[float, Meta(ge=0, le=1)] = 0.0
    roaming_in: str = ""
    absent: Annotated[float, Meta(ge=0, le=1)] = 0.0


class Handset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One handset, or all whose number fits a pattern (`*` any digits, `?` one; the first that fits counts).

    state: "on"; "off" (delivered `on_after` seconds after submission, or expires); "full" (its memory: undeliverable); reply: what it sends
    back for each message, {text} standing for the message's; reply_delay: how long its owner takes.
    """

    number: Annotated[str, Meta(pattern="^[0-9*?]+$")]
    state: Literal["on", "off", "full"] = "on"
    on_after: Seconds | None = None
    reply: str = ""
    reply_delay: Delay = Constant(seconds=2.0)


class Outcome(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may become of a message. weight: against the rule's other outcomes. state and error: what the receipt says. delay: until then.

    status: refused at once with this command_status (name or number). receipt: False loses it. intermediate: notifications (ENROUTE) that
    come before, evenly spread, if they are asked for.
    """

    weight: Annotated[float, Meta(gt=0)] = 1.0
    state: State = "DELIVERED"
    error: Annotated[int, Meta(ge=0, le=0xFFFF)] = 0
    delay: Delay | None = None
    status: Annotated[int, Meta(ge=1, le=0xFFFFFFFF)] | str | None = None
    receipt: bool = True
    intermediate: Annotated[int, Meta(ge=0, le=10)] = 0

    def __post_init__(self) -> None:
        if isinstance(self.status, str) and self.status not in CommandStatus.__members__:
            raise ValueError(problem_of(".status", f"{self.status!r} is no command_status", self.status, CommandStatus.__members__))

    @property
    def refusal(self) -> int:
        """The command_status as a number, 0 for a message that is accepted."""
        return int(CommandStatus[self.status]) if isinstance(self.status, str) else self.status or 0


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages (all conditions that are given must hold; the first rule that fits counts), and what becomes of them.

    to, sender: patterns with `*` and `?`; the rest is compared as it is. text: a regular expression that is searched in the text.
    """

    outcomes: Annotated[tuple[Outcome, ...], Meta(min_length=1)]
    to: str = ""
    sender: str = ""
    text: str = ""
    account: str = ""
    network: str = ""

    def __post_init__(self) -> None:
        try:
            re.compile(self.text)
        except re.error as error:
            raise ValueError(f".text: no regular expression: {error}") from None


class Ids(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of messages. style: of the responses; receipt: of the receipts, "same" or another reading of the same number. width: digits,
    filled up with zeros (10 for "padded" where it is 0). first: the number of the first message.
    """

    style: IdStyle = "decimal"
    receipt: IdStyle | Literal["same"] = "same"
    width: Annotated[int, Meta(ge=0, le=60)] = 0
    first: Annotated[int, Meta(ge=1, le=0x7FFFFFFFFFFFFFFF)] = 1_000_001

    def __post_init__(self) -> None:
        if self.receipt == "uuid" and self.style != "uuid":
            raise ValueError(".receipt: an id that is no UUID has none")
        if self.style == "uuid" and self.receipt not in ("same", "uuid", "upper"):
            raise ValueError(f".receipt: a UUID cannot be written as {self.receipt!r}; only \"same\" or \"upper\"")


class Receipts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How receipts look. forms: letters of the corpus of receipts, dealt by chance if there are several. tlvs: what stands beside the text.

    command: what they come in. carrier: where the text stands, or "tlvs" for no text. text_length: characters of the message in forms
    with `text:`. intermediate: whether notifications are sent where they are asked for. retry: seconds before what was not acknowledged
    goes again, attempts: how often in all; keep: seconds after which it is given up.
    """

    forms: Annotated[tuple[str, ...], Meta(min_length=1)] = ("B",)
    tlvs: tuple[TlvName, ...] = ("receipted_message_id", "message_state", "network_error_code")
    command: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    carrier: Literal["short_message", "message_payload", "tlvs"] = "short_message"
    text_length: Annotated[int, Meta(ge=0, le=60)] = 20
    intermediate: bool = True
    utc_offset: Annotated[float, Meta(ge=-14, le=14)] = 0.0
    retry: Annotated[float, Meta(gt=0, le=86_400)] = 5.0
    attempts: Annotated[int, Meta(ge=1, le=1000)] = 10
    keep: Annotated[float, Meta(gt=0)] = 259_200.0

    def __post_init__(self) -> None:
        for i, letter in enumerate(self.forms):
            if letter not in LETTERS:
                raise ValueError(problem_of(f".forms[{i}]", f"{letter!r} is no form that can be written: {' '.join(LETTERS)}"))
        if self.command == "data_sm" and self.carrier == "short_message":
            raise ValueError(".carrier: a data_sm has no short_message; take message_payload or tlvs")
        if self.carrier == "tlvs" and not self.tlvs:
            raise ValueError(".tlvs: a receipt without text needs some")


class Context(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number Context for sessions whose system_type is HLR. price: hundredths, in TLV 0x1418. omit: TLVs that the package lacks."""

    delay: Delay = Constant(seconds=0.5)
    price: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] = 1
    omit: tuple[str, ...] = ()


class Inbound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """People who write to an account. from: a number, or a pattern whose `?` become digits. rate: messages a second; count: in all.

    text: each in turn; a long one is split. account: "" for every account. after: seconds before the first.
    """

    sender: Annotated[str, Meta(pattern="^[0-9?]+$")] = field(name="from")
    to: str
    text: Annotated[tuple[str, ...], Meta(min_length=1)]
    rate: Rate
    account: str = ""
    after: Seconds = 0.0
    count: Count | None = None


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A route that a client asks for by system_type `R:code`. reports: False gives no receipts."""

    code: Annotated[str, Meta(min_length=1, max_length=10)]
    reports: bool = True


class DistributionList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list that a submit_multi may name."""

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    members: Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)]


class Caps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is held at most; over it submissions get RMSGQFUL. messages, octets: in the store, final ones included until room is needed.
    receipts: that an account is owed. inbound: messages for an account that wait; further ones are dropped and counted.
    """

    messages: Count = 250_000
    octets: Count = 268_435_456
    receipts: Count = 250_000
    inbound: NotNegative = 1_000


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of a scenario; in TOML the lists are [[account]], [[network]] and so on. `load` reads one, `Scenario()` is the plainest.

    uncovered: status of numbers in no network: "vendor" (0x22) or "standard" (RINVDSTADR); without networks every number is covered.
    delay: of deliveries. validity: seconds, the longest and the default. system_types: further ones that a bind may have.
    strict_pdu_set: refuse with RINVCMDID what the vendor's document does not list (query_sm, submit_multi and such).
    start: the date at start, with its zone, as 2026-01-31T10:00:00Z; default the machine's.
    """

    name: str = "plain"
    description: str = ""
    seed: int = 1
    system_id: Name = "smswire"
    uncovered: Literal["vendor", "standard"] = "vendor"
    validity: Annotated[float, Meta(gt=0, le=31_536_000)] = 172_800.0
    system_types: tuple[str, ...] = ()
    strict_pdu_set: bool = False
    start: Annotated[datetime, Meta(tz=True)] | None = None
    delay: Delay = Lognormal(median=2.0, sigma=0.8)
    accounts: tuple[Account, ...] = field(name="account", default=())
    default_account: AccountDefaults = AccountDefaults()
    networks: tuple[Network, ...] = field(name="network", default=())
    handsets: tuple[Handset, ...] = field(name="handset", default=())
    rules: tuple[Rule, ...] = field(name="rule", default=())
    inbound: tuple[Inbound, ...] = ()
    routes: tuple[Route, ...] = field(name="route", default=())
    distribution_lists: tuple[DistributionList, ...] = field(name="distribution_list", default=())
    ids: Ids = Ids()
    receipts: Receipts = Receipts()
    context: Context = Context()
    caps: Caps = Caps()
    faults: tuple[Fault, ...] = field(name="fault", default=())


def shipped() -> dict[str, str]:
    """The scenarios that come with the package: name -> the file's first comment line."""
    found = {}
    for file in sorted(_directory().iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            found[file.name.removesuffix(".toml")] = file.read_text("utf-8").partition("\n")[0].removeprefix("#").strip()
    return found


def _directory() -> Traversable:
    return resources.files(__package__) / "scenarios"


def load(source: str | os.PathLike[str]) -> Scenario:
    """Read a scenario: the name of a shipped one, a TOML file, or TOML text (a str with a line end or an equals sign that names no file).

    ScenarioError names the key at fault (`account[0].tps`) with a near miss, or line and column.
    """
    path = ""
    try:
        if isinstance(source, str) and not os.path.exists(source) and not _TEXT_MARKS.isdisjoint(source):
            text = source
        else:
            path = os.fsdecode(source)
            if os.sep not in path and "." not in path and not os.path.exists(path):
                text = _shipped_text(path)
            else:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
        return of_document(tomllib.loads(text))
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or error}", path=path) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: octet {error.start} is no UTF-8", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{path}: {error}" if path else str(error), path=path) from error
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}" if path and not error.path else str(error), error.key, path) from None


def _shipped_text(name: str) -> str:
    file = _directory() / f"{name}.toml"
    if not file.is_file():
        raise ScenarioError(problem_of(name, "there is no such file, and no scenario of that name ships", name, shipped()), path=name)
    return file.read_text("utf-8")


def of_document(document: dict[str, Any]) -> Scenario:
    """A scenario from what a TOML reader made of it. Raises ScenarioError with the key's path."""
    unknown = unknown_key(document, Scenario)
    if unknown is not None:
        raise ScenarioError(unknown[1], unknown[0])
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        key, said = said_of(error, document, Scenario)
        raise ScenarioError(said, key) from None
    check_names(scenario)
    return scenario


def check_names(scenario: Scenario) -> None:
    """Hold what rows say about each other: names are there, and none is there twice. Raises ScenarioError."""
    accounts = [account.name for account in scenario.accounts]
    networks = [network.name for network in scenario.networks]
    for table, key, names in (
        ("account", "name", accounts), ("network", "name", networks), ("route", "code", [route.code.lower() for route in scenario.routes]),
        ("distribution_list", "name", [one.name for one in scenario.distribution_lists]),
    ):
        for i, name in enumerate(names):
            if name in names[:i]:
                raise ScenarioError(f"{table}[{i}].{key}: {name!r} is there already", f"{table}[{i}].{key}")
    owners: dict[str, str] = {}
    for i, network in enumerate(scenario.networks):
        for j, prefix in enumerate(network.prefixes):
            if owners.setdefault(prefix, network.name) != network.name:
                raise ScenarioError(f"network[{i}].prefixes[{j}]: {prefix} belongs to {owners[prefix]!r}", f"network[{i}].prefixes[{j}]")
        for key, name in (("ported_to", network.ported_to), ("roaming_in", network.roaming_in)):
            _known(f"network[{i}].{key}", name, networks, "network")
        for key, share, name in (("ported_to", network.ported, network.ported_to), ("roaming_in", network.roaming, network.roaming_in)):
            if share and not name:
                raise ScenarioError(f"network[{i}].{key}: is missing", f"network[{i}].{key}")
    for i, rule in enumerate(scenario.rules):
        _known(f"rule[{i}].network", rule.network, networks, "network")
    for i, name in enumerate(scenario.context.omit):
        if name not in CONTEXT_TLVS:
            key = f"context.omit[{i}]"
            raise ScenarioError(problem_of(key, f"{name!r} is no TLV of Number Context", name, CONTEXT_TLVS), key)


def _known(key: str, name: str, names: list[str], what: str) -> None:
    if name and name not in names:
        raise ScenarioError(problem_of(key, f"there is no {what} {name!r}", name, names), key)
