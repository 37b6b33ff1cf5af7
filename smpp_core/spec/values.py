"""Layer 0 of 9: what the integers of fields and TLVs mean, which are reserved, and the enumerations and small records of the API."""

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from .data_codings import DATA_CODINGS, DataCoding, describe_group
from .rows import SMPP34, SMPP50, Value
from .statuses import CommandStatus

__all__ = [
    "OPEN", "RANGES", "VALUES", "CommandId", "CommandStatus", "DataCoding", "DistributionList", "MessageState", "Npi", "Range",
    "SmeAddress", "Ton", "UnsuccessSme", "describe", "describe_octets", "is_reserved", "reserved_table",
]


class SmeAddress(NamedTuple):
    """One address among the dest_addresses of submit_multi (SMPP 3.4 §4.5.1.1)."""

    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str


class DistributionList(NamedTuple):
    """One distribution list among the dest_addresses of submit_multi (SMPP 3.4 §4.5.1.1)."""

    dl_name: str


class UnsuccessSme(NamedTuple):
    """One failed destination of submit_multi_resp (SMPP 3.4 §4.5.2.1)."""

    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    error_status_code: int


class CommandId(IntEnum):
    """command_id of the standards; `check` holds it against the commands' table."""

    BIND_RECEIVER = 0x00000001
    BIND_RECEIVER_RESP = 0x80000001
    BIND_TRANSMITTER = 0x00000002
    BIND_TRANSMITTER_RESP = 0x80000002
    QUERY_SM = 0x00000003
    QUERY_SM_RESP = 0x80000003
    SUBMIT_SM = 0x00000004
    SUBMIT_SM_RESP = 0x80000004
    DELIVER_SM = 0x00000005
    DELIVER_SM_RESP = 0x80000005
    UNBIND = 0x00000006
    UNBIND_RESP = 0x80000006
    REPLACE_SM = 0x00000007
    REPLACE_SM_RESP = 0x80000007
    CANCEL_SM = 0x00000008
    CANCEL_SM_RESP = 0x80000008
    BIND_TRANSCEIVER = 0x00000009
    BIND_TRANSCEIVER_RESP = 0x80000009
    OUTBIND = 0x0000000B
    ENQUIRE_LINK = 0x00000015
    ENQUIRE_LINK_RESP = 0x80000015
    SUBMIT_MULTI = 0x00000021
    SUBMIT_MULTI_RESP = 0x80000021
    ALERT_NOTIFICATION = 0x00000102
    DATA_SM = 0x00000103
    DATA_SM_RESP = 0x80000103
    BROADCAST_SM = 0x00000111
    BROADCAST_SM_RESP = 0x80000111
    QUERY_BROADCAST_SM = 0x00000112
    QUERY_BROADCAST_SM_RESP = 0x80000112
    CANCEL_BROADCAST_SM = 0x00000113
    CANCEL_BROADCAST_SM_RESP = 0x80000113
    GENERIC_NACK = 0x80000000


class MessageState(IntEnum):
    """message_state; SCHEDULED and SKIPPED came with 5.0."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9


class Ton(IntEnum):
    """Type of number."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER_NUMBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    LAND_MOBILE = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT_ID = 18


class Range(NamedTuple):
    """A run of values that share one meaning; {value} in it stands for the number."""

    first: int
    last: int
    meaning: str


def _table(section: str, *rows: tuple[int, str, str] | tuple[IntEnum, str]) -> tuple[Value, ...]:
    return tuple(
        Value(row[0], row[1], row[2], section) if len(row) == 3 else Value(row[0].value, row[0].name, row[1], section) for row in rows
    )


_NO_YES = "NOT_REQUESTED", "REQUESTED"

VALUES: dict[str, tuple[Value, ...]] = {
    "ton": _table(
        f"{SMPP34} 5.2.5", (Ton.UNKNOWN, "unknown"), (Ton.INTERNATIONAL, "international"), (Ton.NATIONAL, "national"),
        (Ton.NETWORK_SPECIFIC, "network specific"), (Ton.SUBSCRIBER_NUMBER, "subscriber number"), (Ton.ALPHANUMERIC, "alphanumeric"),
        (Ton.ABBREVIATED, "abbreviated"),
    ),
    "npi": _table(
        f"{SMPP34} 5.2.6", (Npi.UNKNOWN, "unknown"), (Npi.ISDN, "ISDN (E.163/E.164)"), (Npi.DATA, "data (X.121)"),
        (Npi.TELEX, "telex (F.69)"), (Npi.LAND_MOBILE, "land mobile (E.212)"), (Npi.NATIONAL, "national"), (Npi.PRIVATE, "private"),
        (Npi.ERMES, "ERMES"), (Npi.INTERNET, "Internet (IP)"), (Npi.WAP_CLIENT_ID, "WAP client ID"),
    ),
    "esm_class": _table(
        f"{SMPP34} 5.2.12", (0x00, "DEFAULT", "default"), (0x01, "DATAGRAM", "datagram"), (0x02, "FORWARD", "forward (transaction)"),
        (0x03, "STORE_AND_FORWARD", "store and forward"), (0x04, "RECEIPT", "receipt"),
        (0x08, "DELIVERY_ACK", "delivery acknowledgement"), (0x10, "USER_ACK", "user acknowledgement"),
        (0x18, "CONVERSATION_ABORT", "conversation abort"), (0x20, "INTERMEDIATE", "intermediate notification"), (0x40, "UDHI", "UDHI"),
        (0x80, "REPLY_PATH", "reply path"),
    ),
    "protocol_id": _table(
        "3GPP TS 23.040 9.2.3.9", (0x00, "DEFAULT", "no interworking"), (0x20, "TELEMATIC", "telematic, device known by its address"),
        (0x21, "TELEX", "telex"), (0x22, "FAX_GROUP_3", "group 3 fax"), (0x23, "FAX_GROUP_4", "group 4 fax"),
        (0x24, "VOICE", "voice telephone"), (0x25, "ERMES", "ERMES pager"), (0x26, "PAGING", "national paging system"),
        (0x27, "VIDEOTEX", "videotex"), (0x28, "TELETEX", "teletex"), (0x29, "TELETEX_PSPDN", "teletex in PSPDN"),
        (0x2A, "TELETEX_CSPDN", "teletex in CSPDN"), (0x2B, "TELETEX_PSTN", "teletex in analogue PSTN"),
        (0x2C, "TELETEX_ISDN", "teletex in ISDN"), (0x2D, "UCI", "UCI"), (0x30, "MESSAGE_HANDLING", "message handling facility"),
        (0x31, "X400", "X.400 message handling"), (0x32, "EMAIL", "Internet e-mail"), (0x3F, "MOBILE_STATION", "mobile station"),
        (0x40, "TYPE_0", "short message type 0 (silent)"), (0x48, "DEVICE_TRIGGER", "device triggering"),
        (0x5E, "ENHANCED", "enhanced message service (obsolete)"), (0x5F, "RETURN_CALL", "return call"),
        (0x7C, "ANSI_136_R_DATA", "ANSI-136 R-DATA"), (0x7D, "ME_DATA_DOWNLOAD", "ME data download"),
        (0x7E, "ME_DEPERSONALIZATION", "ME de-personalization"), (0x7F, "SIM_DATA_DOWNLOAD", "(U)SIM data download"),
    ),
    "priority_flag": _table(
        f"{SMPP34} 5.2.14", (0, "LOWEST", "lowest (GSM none, ANSI-136 bulk, IS-95 normal)"),
        (1, "NORMAL", "GSM priority, ANSI-136 normal, IS-95 interactive"), (2, "URGENT", "GSM priority, ANSI-136 urgent, IS-95 urgent"),
        (3, "HIGHEST", "highest (GSM priority, ANSI-136 very urgent, IS-95 emergency)"),
    ),
    "broadcast_priority_flag": _table(
        f"{SMPP50} 4.7.19", (0, "NORMAL", "normal"), (1, "IMMEDIATE", "GSM immediate broadcast, ANSI-41 interactive"),
        (2, "HIGH", "GSM high priority, ANSI-41 urgent"), (3, "EMERGENCY", "ANSI-41 emergency, reserved in GSM"),
        (4, "BACKGROUND", "GSM background"),
    ),
    "registered_delivery": _table(
        f"{SMPP34} 5.2.17", (0x00, "NONE", "no receipt"), (0x01, "RECEIPT", "receipt"),
        (0x02, "RECEIPT_ON_FAILURE", "receipt on failure"), (0x03, "RECEIPT_ON_SUCCESS", "receipt on success (5.0)"),
        (0x04, "DELIVERY_ACK", "delivery acknowledgement"), (0x08, "USER_ACK", "user acknowledgement"),
        (0x0C, "BOTH_ACKS", "delivery and user acknowledgement"), (0x10, "INTERMEDIATE", "intermediate notification"),
    ),
    "replace_if_present_flag": _table(f"{SMPP34} 5.2.18", (0, "KEEP", "do not replace"), (1, "REPLACE", "replace")),
    "data_coding": tuple(Value(row.value, row.name, row.meaning, row.section) for row in DATA_CODINGS.values()),
    "interface_version": _table(
        f"{SMPP34} 5.2.4", (0x33, "SMPP_3_3", "SMPP 3.3"), (0x34, "SMPP_3_4", "SMPP 3.4"), (0x50, "SMPP_5_0", "SMPP 5.0"),
    ),
    "message_state": _table(
        f"{SMPP34} 5.2.28", (MessageState.SCHEDULED, "scheduled"), (MessageState.ENROUTE, "enroute"),
        (MessageState.DELIVERED, "delivered"), (MessageState.EXPIRED, "validity period has expired"), (MessageState.DELETED, "deleted"),
        (MessageState.UNDELIVERABLE, "undeliverable"), (MessageState.ACCEPTED, "accepted (read on behalf of the subscriber)"),
        (MessageState.UNKNOWN, "unknown"), (MessageState.REJECTED, "rejected"), (MessageState.SKIPPED, "skipped"),
    ),
    "addr_subunit": _table(
        f"{SMPP34} 5.3.2.1", (0, "UNKNOWN", "unknown"), (1, "MS_DISPLAY", "display"), (2, "MOBILE_EQUIPMENT", "mobile equipment"),
        (3, "SMART_CARD_1", "smart card 1"), (4, "EXTERNAL_UNIT_1", "external unit 1"),
    ),
    "network_type": _table(
        f"{SMPP34} 5.3.2.3", (0, "UNKNOWN", "unknown"), (1, "GSM", "GSM"), (2, "TDMA", "ANSI-136/TDMA"), (3, "CDMA", "IS-95/CDMA"),
        (4, "PDC", "PDC"), (5, "PHS", "PHS"), (6, "IDEN", "iDEN"), (7, "AMPS", "AMPS"), (8, "PAGING", "paging network"),
    ),
    "bearer_type": _table(
        f"{SMPP34} 5.3.2.5", (0, "UNKNOWN", "unknown"), (1, "SMS", "SMS"), (2, "CSD", "circuit switched data"),
        (3, "PACKET_DATA", "packet data"), (4, "USSD", "USSD"), (5, "CDPD", "CDPD"), (6, "DATATAC", "DataTAC"),
        (7, "FLEX", "FLEX/ReFLEX"), (8, "CELL_BROADCAST", "cell broadcast"),
    ),
    "payload_type": _table(f"{SMPP34} 5.3.2.10", (0, "DEFAULT", "default (WDP in WAP)"), (1, "WCMP", "WCMP message")),
    "ms_msg_wait_facilities": _table(
        f"{SMPP34} 5.3.2.13", (0x00, "VOICEMAIL", "voicemail waiting"), (0x01, "FAX", "fax waiting"), (0x02, "EMAIL", "e-mail waiting"),
        (0x03, "OTHER", "other message waiting"), (0x80, "ACTIVE", "indication on"),
    ),
    "privacy_indicator": _table(
        f"{SMPP34} 5.3.2.14", (0, "NOT_RESTRICTED", "not restricted"), (1, "RESTRICTED", "restricted"),
        (2, "CONFIDENTIAL", "confidential"), (3, "SECRET", "secret"),
    ),
    "language_indicator": _table(
        f"{SMPP34} 5.3.2.19", (0, "UNSPECIFIED", "unspecified"), (1, "ENGLISH", "English"), (2, "FRENCH", "French"),
        (3, "SPANISH", "Spanish"), (4, "GERMAN", "German"), (5, "PORTUGUESE", "Portuguese"),
    ),
    "display_time": _table(f"{SMPP34} 5.3.2.26", (0, "TEMPORARY", "temporary"), (1, "DEFAULT", "default"), (2, "INVOKE", "invoke")),
    "ms_validity": _table(
        f"{SMPP34} 5.3.2.27", (0, "STORE_INDEFINITELY", "store indefinitely"), (1, "POWER_DOWN", "until power down"),
        (2, "REGISTRATION_AREA", "until the registration area changes"), (3, "DISPLAY_ONLY", "display only"),
        (4, "RELATIVE", "for a time (5.0)"),
    ),
    "dpf_result": _table(f"{SMPP34} 5.3.2.28", (0, "NOT_SET", "not set"), (1, "SET", "set")),
    "set_dpf": _table(f"{SMPP34} 5.3.2.29", (0, _NO_YES[0], "not requested"), (1, _NO_YES[1], "requested")),
    "ms_availability_status": _table(
        f"{SMPP34} 5.3.2.30", (0, "AVAILABLE", "available"), (1, "DENIED", "denied (suspended, no SMS)"),
        (2, "UNAVAILABLE", "unavailable"),
    ),
    "network_error_type": _table(
        f"{SMPP34} 5.3.2.31", (1, "ANSI_136_ACCESS_DENIED", "ANSI-136 access denied reason"),
        (2, "IS_95_ACCESS_DENIED", "IS-95 access denied reason"), (3, "GSM", "GSM"), (4, "ANSI_136_CAUSE", "ANSI-136 cause code (5.0)"),
        (5, "IS_95_CAUSE", "IS-95 cause code (5.0)"), (6, "ANSI_41", "ANSI-41 error (5.0)"), (7, "SMPP", "SMPP error (5.0)"),
        (8, "MESSAGE_CENTER", "message centre specific (5.0)"),
    ),
    "delivery_failure_reason": _table(
        f"{SMPP34} 5.3.2.33", (0, "DESTINATION_UNAVAILABLE", "destination unavailable"),
        (1, "DESTINATION_INVALID", "destination address invalid"), (2, "PERMANENT", "permanent network error"),
        (3, "TEMPORARY", "temporary network error"),
    ),
    "more_messages_to_send": _table(f"{SMPP34} 5.3.2.34", (0, "NO_MORE", "no more messages"), (1, "MORE", "more messages")),
    "callback_num_pres_ind": _table(
        f"{SMPP34} 5.3.2.37", (0x00, "ALLOWED", "presentation allowed"), (0x04, "RESTRICTED", "presentation restricted"),
        (0x08, "NOT_AVAILABLE", "number not available"), (0x01, "VERIFIED", "verified and passed"),
        (0x02, "FAILED", "verified and failed"), (0x03, "NETWORK_PROVIDED", "network provided"),
    ),
    "number_of_messages": (),
    "alert_on_message_delivery": _table(
        f"{SMPP50} 4.8.4.2", (0, "DEFAULT", "default alert"), (1, "LOW", "low priority alert"), (2, "MEDIUM", "medium priority alert"),
        (3, "HIGH", "high priority alert"),
    ),
    "its_reply_type": _table(
        f"{SMPP34} 5.3.2.42", (0, "DIGIT", "digit"), (1, "NUMBER", "number"), (2, "TELEPHONE_NUMBER", "telephone number"),
        (3, "PASSWORD", "password"), (4, "CHARACTER_LINE", "character line"), (5, "MENU", "menu"), (6, "DATE", "date"),
        (7, "TIME", "time"), (8, "CONTINUE", "continue"),
    ),
    "ussd_service_op": _table(
        f"{SMPP34} 5.3.2.44", (0, "PSSD_INDICATION", "PSSD indication"), (1, "PSSR_INDICATION", "PSSR indication"),
        (2, "USSR_REQUEST", "USSR request"), (3, "USSN_REQUEST", "USSN request"), (16, "PSSD_RESPONSE", "PSSD response"),
        (17, "PSSR_RESPONSE", "PSSR response"), (18, "USSR_CONFIRM", "USSR confirm"), (19, "USSN_CONFIRM", "USSN confirm"),
    ),
    "subaddress_type": _table(
        f"{SMPP34} 5.3.2.15", (0x80, "NSAP_EVEN", "NSAP, even"), (0x88, "NSAP_ODD", "NSAP, odd"), (0xA0, "USER", "user specified"),
    ),
    "congestion_state": (),
    "dest_addr_np_resolution": _table(
        f"{SMPP50} 4.8.4.22", (0, "NOT_QUERIED", "not looked up"), (1, "NOT_PORTED", "looked up, not ported"),
        (2, "PORTED", "looked up, ported"),
    ),
    "broadcast_area_format": _table(
        f"{SMPP50} 4.8.4.4", (0, "ALIAS", "alias or name"), (1, "ELLIPSOID_ARC", "ellipsoid arc"), (2, "POLYGON", "polygon"),
    ),
    "broadcast_area_success": _table(f"{SMPP50} 4.8.4.5", (255, "UNKNOWN", "not known")),
    "broadcast_channel_indicator": _table(f"{SMPP50} 4.8.4.7", (0, "BASIC", "basic channel"), (1, "EXTENDED", "extended channel")),
    "broadcast_content_network": _table(
        f"{SMPP50} 4.8.4.8", (0, "GENERIC", "generic"), (1, "GSM", "GSM"), (2, "TDMA", "TDMA"), (3, "CDMA", "CDMA"),
    ),
    "broadcast_interval_unit": _table(
        f"{SMPP50} 4.8.4.11", (0x00, "AS_OFTEN_AS_POSSIBLE", "as often as possible"), (0x08, "SECONDS", "seconds"),
        (0x09, "MINUTES", "minutes"), (0x0A, "HOURS", "hours"), (0x0B, "DAYS", "days"), (0x0C, "WEEKS", "weeks"),
        (0x0D, "MONTHS", "months"), (0x0E, "YEARS", "years"),
    ),
    "broadcast_message_class": _table(
        f"{SMPP50} 4.8.4.12", (0, "NONE", "no class"), (1, "CLASS_1", "class 1 (user defined)"),
        (2, "CLASS_2", "class 2 (user defined)"), (3, "CLASS_3", "class 3 (terminal equipment)"),
    ),
    "ms_validity_unit": _table(
        f"{SMPP50} 4.8.4.41", (0, "SECONDS", "seconds"), (1, "MINUTES", "minutes"), (2, "HOURS", "hours"), (3, "DAYS", "days"),
        (4, "WEEKS", "weeks"), (5, "MONTHS", "months"), (6, "YEARS", "years"),
    ),
}

RANGES: dict[str, tuple[Range, ...]] = {
    "interface_version": (Range(0x00, 0x32, "SMPP 3.3 or earlier"),),
    "number_of_messages": (Range(0, 99, "{value} messages"),),
    # 5.0 prints 80-90 and 90-99; 90 is read as the higher band.
    "congestion_state": (
        Range(0, 0, "idle"), Range(1, 29, "low load"), Range(30, 49, "medium load"), Range(50, 79, "high load"),
        Range(80, 89, "optimum load"), Range(90, 99, "nearing congestion"), Range(100, 100, "congested"),
    ),
    "broadcast_area_success": (Range(0, 100, "{value} %"),),
    "ussd_service_op": (Range(32, 255, "vendor specific"),),
    "protocol_id": (
        Range(0x01, 0x1F, "SME to SME protocol {value}"), Range(0x2E, 0x2F, "reserved"), Range(0x33, 0x37, "reserved"),
        Range(0x38, 0x3E, "SMSC specific"), Range(0x41, 0x47, "replace short message"), Range(0x49, 0x5D, "reserved"),
        Range(0x60, 0x7B, "reserved"), Range(0x80, 0xBF, "reserved"), Range(0xC0, 0xFF, "SMSC specific"),
    ),
}

# Bit fields, and tables that refer to other documents for the values they do not name: nothing in them is reported as reserved.
OPEN: frozenset[str] = frozenset((
    "esm_class", "protocol_id", "registered_delivery", "data_coding", "language_indicator", "ms_msg_wait_facilities",
    "callback_num_pres_ind",
))

_MEANINGS: dict[str, dict[int, str]] = {table: {row.value: row.meaning for row in rows} for table, rows in VALUES.items()}


def is_reserved(table: str, value: int) -> bool:
    """Tell whether the specification reserves the value, or leaves it unnamed in a closed list. False for an unknown table."""
    if table in OPEN or table not in VALUES:
        return False
    if table == "ms_validity" and value > 0xFFFFFF:
        value >>= 24  # the four-octet form of 5.0 begins with the octet of 3.4
    return value not in _MEANINGS[table] and not any(run.first <= value <= run.last for run in RANGES.get(table, ()))


def reserved_table(table: str) -> bytes:
    """Give `is_reserved` for all octets at once: 256 octets, 1 where the value is reserved."""
    return bytes(is_reserved(table, value) for value in range(256))


def _describe_esm_class(value: int) -> str:
    names = _MEANINGS["esm_class"]
    words = [names[bit] for bit in (0x40, 0x80) if value & bit]
    if value & 0x3C:
        words.append(names.get(value & 0x3C, f"reserved message type {value >> 2 & 0x0F}"))
    if value & 0x03:
        words.append(names[value & 0x03])
    return ", ".join(words) or names[0]


def _describe_registered_delivery(value: int) -> str:
    names = _MEANINGS["registered_delivery"]
    words = [names[bits] for bits in (value & 0x03, value & 0x0C, value & 0x10) if bits]
    if value & 0xE0:
        words.append(f"reserved bits 0x{value & 0xE0:02X}")
    return ", ".join(words) or names[0]


def _describe_msg_wait(value: int) -> str:
    return f"{_MEANINGS['ms_msg_wait_facilities'][value & 0x03]}, indication {'on' if value & 0x80 else 'off'}"


def _describe_pres_ind(value: int) -> str:
    names = _MEANINGS["callback_num_pres_ind"]
    return f"{names.get(value & 0x0C, 'reserved presentation')}, {names[value & 0x03] if value & 0x03 else 'not screened'}"


def _describe_data_coding(value: int) -> str:
    return _MEANINGS["data_coding"].get(value) or describe_group(value)


_BIT_FIELDS: dict[str, Callable[[int], str]] = {
    "esm_class": _describe_esm_class,
    "registered_delivery": _describe_registered_delivery,
    "ms_msg_wait_facilities": _describe_msg_wait,
    "callback_num_pres_ind": _describe_pres_ind,
    "data_coding": _describe_data_coding,
}


def describe(table: str, value: int) -> str:
    """Say in a few words what an integer of the table means, as "international" or "UDHI, receipt"; "" if there is nothing to say."""
    bits = _BIT_FIELDS.get(table)
    if bits is not None:
        return bits(value) if 0 <= value <= 0xFF else ""
    if table == "ms_validity" and value > 0xFFFFFF:
        unit = _MEANINGS["ms_validity_unit"].get(value >> 16 & 0xFF, "unknown units")
        return f"{describe(table, value >> 24)}: {value & 0xFFFF} {unit}" if value >> 24 == 4 else describe(table, value >> 24)
    meaning = _MEANINGS.get(table, {}).get(value, "")
    if not meaning:
        meaning = next((run.meaning.format(value=value) for run in RANGES.get(table, ()) if run.first <= value <= run.last), "")
    return meaning


def describe_octets(name: str, octets: bytes) -> str:
    """Say what the octets of a composite TLV mean, as "GSM error 27" for a network_error_code; "" if there is nothing to say."""
    if not octets:
        return ""
    first, rest = octets[0], octets[1:]
    number = int.from_bytes(rest[:2], "big") if len(rest) >= 2 else 0
    if name == "network_error_code" and len(octets) == 3:
        return f"{describe('network_error_type', first) or f'network type {first}'} error {number}"
    if name in ("source_subaddress", "dest_subaddress"):
        return describe("subaddress_type", first)
    if name == "broadcast_area_identifier":
        return describe("broadcast_area_format", first)
    if name == "broadcast_content_type" and len(octets) == 3:
        return f"{describe('broadcast_content_network', first) or f'network type {first}'}, service 0x{number:04X}"
    if name == "broadcast_frequency_interval" and len(octets) == 3:
        unit = describe("broadcast_interval_unit", first)
        return f"{number} {unit}" if first and unit else unit
    if name == "callback_num" and len(octets) >= 3:
        ton, npi = describe("ton", octets[1]) or "reserved TON", describe("npi", octets[2]) or "reserved NPI"
        return f"{'ASCII' if first & 0x01 else 'TBCD'} digits, {ton}, {npi}"
    if name == "its_session_info" and len(octets) == 2:
        return f"session {first}, sequence {octets[1] >> 1}{', end of session' if octets[1] & 0x01 else ''}"
    return ""
