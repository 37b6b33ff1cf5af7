"""Layer 0 of 9: every command of SMPP 3.4 and the broadcast commands of 5.0, field by field in wire order."""

from .rows import SMPP34, SMPP50, Command, Field

_TX = ("BOUND_TX", "BOUND_TRX")
_RX = ("BOUND_RX", "BOUND_TRX")
_BOUND = ("BOUND_TX", "BOUND_RX", "BOUND_TRX")
_ANY = ("OPEN", "OUTBOUND", *_BOUND)


def _cstring(name: str, limit: int, section: str, status: str, doc: str, form: str = "") -> Field:
    return Field(name, "cstring", f"{SMPP34} {section}", limit, form=form, status=status, doc=doc)


def _u8(name: str, section: str, doc: str, values: str = "", status: str = "ESME_RSYSERR", counts: str = "") -> Field:
    return Field(name, "u8", f"{SMPP34} {section}", 1, values=values, counts=counts, status=status, doc=doc)


_SYSTEM_ID = _cstring("system_id", 16, "5.2.1", "ESME_RINVSYSID", "Who binds: the account's name; in responses the SMSC's.")
_PASSWORD = _cstring("password", 9, "5.2.2", "ESME_RINVPASWD", "The account's password.")
_SYSTEM_TYPE = _cstring("system_type", 13, "5.2.3", "ESME_RINVSYSTYP", "Kind of the external system; the vendor uses HLR, NSMS and R:<route_code>.")
_SERVICE_TYPE = _cstring("service_type", 6, "5.2.11", "ESME_RINVSERTYP", "Service of the message: empty for the default, CMT, WAP, USSD and such.")
_SOURCE = (
    _u8("source_addr_ton", "5.2.5", "Type of number of source_addr.", "ton", "ESME_RINVSRCTON"),
    _u8("source_addr_npi", "5.2.6", "Numbering plan of source_addr.", "npi", "ESME_RINVSRCNPI"),
    _cstring("source_addr", 21, "5.2.8", "ESME_RINVSRCADR", "Sender of the message."),
)
_DEST = (
    _u8("dest_addr_ton", "5.2.5", "Type of number of destination_addr.", "ton", "ESME_RINVDSTTON"),
    _u8("dest_addr_npi", "5.2.6", "Numbering plan of destination_addr.", "npi", "ESME_RINVDSTNPI"),
    _cstring("destination_addr", 21, "5.2.9", "ESME_RINVDSTADR", "Receiver of the message."),
)
_ESM_CLASS = _u8("esm_class", "5.2.12", "Message mode, type and GSM features (UDHI, reply path).", "esm_class", "ESME_RINVESMCLASS")
_SCHEDULE = _cstring("schedule_delivery_time", 17, "5.2.15", "ESME_RINVSCHED", "When delivery is first tried; empty for at once.", "time")
_VALIDITY = _cstring("validity_period", 17, "5.2.16", "ESME_RINVEXPIRY", "Until when delivery is tried; empty for the SMSC's default.", "time")
_REGISTERED = _u8("registered_delivery", "5.2.17", "Which receipts and acknowledgements are asked for.", "registered_delivery", "ESME_RINVREGDLVFLG")
_DATA_CODING = _u8("data_coding", "5.2.19", "Alphabet and class of the text; its meaning is the peer's.", "data_coding")
_DEFAULT_MSG = _u8("sm_default_msg_id", "5.2.20", "Number of a message stored at the SMSC.", status="ESME_RINVDFTMSGID")
_TEXT = (
    _u8("sm_length", "5.2.21", "Octets of short_message.", status="ESME_RINVMSGLEN", counts="short_message"),
    Field("short_message", "octets", f"{SMPP34} 5.2.22", 254, status="ESME_RINVMSGLEN", doc="The text's octets, user data header included."),
)
_FLAGS = (
    _u8("protocol_id", "5.2.13", "Protocol identifier of GSM 03.40.", "protocol_id"),
    _u8("priority_flag", "5.2.14", "Priority, 0 lowest to 3 highest.", "priority_flag", "ESME_RINVPRTFLG"),
)
_REPLACE = _u8("replace_if_present_flag", "5.2.18", "1 to replace an earlier message of the same addresses.", "replace_if_present_flag", "ESME_RINVREPFLAG")
_TAIL = (_ESM_CLASS, *_FLAGS, _SCHEDULE, _VALIDITY, _REGISTERED, _REPLACE, _DATA_CODING, _DEFAULT_MSG, *_TEXT)
_MESSAGE_ID = _cstring("message_id", 65, "5.2.23", "ESME_RINVMSGID", "The SMSC's name for the message.")
_LONG_SOURCE = (*_SOURCE[:2], _cstring("source_addr", 65, "5.2.8", "ESME_RINVSRCADR", "Sender of the message."))
_LONG_DEST = (*_DEST[:2], _cstring("destination_addr", 65, "5.2.9", "ESME_RINVDSTADR", "Receiver of the message."))
_BIND = (
    _SYSTEM_ID, _PASSWORD, _SYSTEM_TYPE,
    _u8("interface_version", "5.2.4", "0x34 for SMPP 3.4, 0x50 for 5.0.", "interface_version")._replace(default=0x34),
    _u8("addr_ton", "5.2.5", "Type of number of address_range.", "ton"),
    _u8("addr_npi", "5.2.6", "Numbering plan of address_range.", "npi"),
    _cstring("address_range", 41, "5.2.7", "ESME_RBINDFAIL", "Addresses that the session serves, a UNIX regular expression."),
)
_MESSAGE_TLVS = (
    "user_message_reference", "source_port", "source_addr_subunit", "destination_port", "dest_addr_subunit", "sar_msg_ref_num",
    "sar_total_segments", "sar_segment_seqnum", "payload_type", "message_payload", "privacy_indicator", "callback_num", "callback_num_pres_ind",
    "callback_num_atag", "source_subaddress", "dest_subaddress", "display_time", "sms_signal", "ms_validity", "ms_msg_wait_facilities",
    "alert_on_message_delivery", "language_indicator",
)
_SUBMIT_TLVS = (
    "user_message_reference", "source_port", "source_addr_subunit", "destination_port", "dest_addr_subunit", "sar_msg_ref_num",
    "sar_total_segments", "sar_segment_seqnum", "more_messages_to_send", *_MESSAGE_TLVS[8:15], "user_response_code", *_MESSAGE_TLVS[16:19],
    "ms_msg_wait_facilities", "number_of_messages", "alert_on_message_delivery", "language_indicator", "its_reply_type", "its_session_info",
    "ussd_service_op",
)
_DELIVER_TLVS = (
    "user_message_reference", "source_port", "destination_port", "sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum",
    "user_response_code", "privacy_indicator", "payload_type", "message_payload", "callback_num", "source_subaddress", "dest_subaddress",
    "language_indicator", "its_session_info", "network_error_code", "message_state", "receipted_message_id",
)
_DATA_TLVS = (
    *_SUBMIT_TLVS[:8], "source_network_type", "source_bearer_type", "source_telematics_id", "dest_network_type", "dest_bearer_type",
    "dest_telematics_id", "more_messages_to_send", "qos_time_to_live", "set_dpf", "receipted_message_id", "message_state", "network_error_code",
    *_SUBMIT_TLVS[9:],
)
_DATA_RESP_TLVS = ("delivery_failure_reason", "network_error_code", "additional_status_info_text", "dpf_result")


def _bind(name: str, id: int, section: int, doc: str) -> tuple[Command, Command]:
    request = Command(name, id, f"{SMPP34} 4.1.{section}", _BIND, response=f"{name}_resp", sender="esme", states=("OPEN", "OUTBOUND"), doc=doc)
    response = Command(
        f"{name}_resp", id | 0x80000000, f"{SMPP34} 4.1.{section + 1}", (_SYSTEM_ID,), "optional", sender="smsc", states=("OPEN", "OUTBOUND"),
        tlvs=("sc_interface_version",), doc=f"Answers {name}.",
    )
    return request, response


def _response(name: str, id: int, section: str, fields: tuple[Field, ...] = (), body: str = "required", sender: str = "smsc",
              states: tuple[str, ...] = _TX, tlvs: tuple[str, ...] = ()) -> Command:
    return Command(f"{name}_resp", id | 0x80000000, section, fields, body, sender=sender, states=states, tlvs=tlvs, doc=f"Answers {name}.")


_ROWS: tuple[Command, ...] = (
    *_bind("bind_receiver", 0x00000001, 3, "Opens a session that receives messages."),
    *_bind("bind_transmitter", 0x00000002, 1, "Opens a session that sends messages."),
    Command("query_sm", 0x00000003, f"{SMPP34} 4.8.1", (_MESSAGE_ID, *_SOURCE), response="query_sm_resp", sender="esme", states=_TX,
            doc="Asks for the state of a message."),
    _response("query_sm", 0x00000003, f"{SMPP34} 4.8.2", (
        _MESSAGE_ID, _cstring("final_date", 17, "4.8.2", "ESME_RSYSERR", "When the message reached its final state; empty if it has not.", "reported-time"),
        _u8("message_state", "5.2.28", "State of the message.", "message_state"),
        _u8("error_code", "4.8.2", "Network's error code, 0 for none."),
    ), "when_ok"),
    Command("submit_sm", 0x00000004, f"{SMPP34} 4.4.1", (_SERVICE_TYPE, *_SOURCE, *_DEST, *_TAIL), response="submit_sm_resp", sender="esme",
            states=_TX, tlvs=_SUBMIT_TLVS, doc="Hands a message to the SMSC."),
    _response("submit_sm", 0x00000004, f"{SMPP34} 4.4.2", (_MESSAGE_ID,), "when_ok", tlvs=_DATA_RESP_TLVS),
    Command("deliver_sm", 0x00000005, f"{SMPP34} 4.6.1", (_SERVICE_TYPE, *_SOURCE, *_DEST, *_TAIL), response="deliver_sm_resp", sender="smsc",
            states=_RX, tlvs=_DELIVER_TLVS, doc="Hands a message or a delivery receipt to the ESME."),
    _response("deliver_sm", 0x00000005, f"{SMPP34} 4.6.2", (_MESSAGE_ID,), "optional", "esme", _RX),
    Command("unbind", 0x00000006, f"{SMPP34} 4.2.1", response="unbind_resp", states=_BOUND, doc="Closes the session in agreement."),
    _response("unbind", 0x00000006, f"{SMPP34} 4.2.2", sender="both", states=_BOUND),
    Command("replace_sm", 0x00000007, f"{SMPP34} 4.10.1", (_MESSAGE_ID, *_SOURCE, _SCHEDULE, _VALIDITY, _REGISTERED, _DEFAULT_MSG, *_TEXT),
            response="replace_sm_resp", sender="esme", states=_TX, tlvs=("message_payload",), doc="Replaces the text of a message not yet delivered."),
    _response("replace_sm", 0x00000007, f"{SMPP34} 4.10.2"),
    Command("cancel_sm", 0x00000008, f"{SMPP34} 4.9.1", (_SERVICE_TYPE, _MESSAGE_ID, *_SOURCE, *_DEST), response="cancel_sm_resp", sender="esme",
            states=_TX, doc="Cancels one message, or all of the same addresses."),
    _response("cancel_sm", 0x00000008, f"{SMPP34} 4.9.2"),
    *_bind("bind_transceiver", 0x00000009, 5, "Opens a session that sends and receives messages."),
    Command("outbind", 0x0000000B, f"{SMPP34} 4.1.7.1", (_SYSTEM_ID, _PASSWORD), sender="smsc", states=("OPEN",), doc="Asks the ESME to bind as receiver."),
    Command("enquire_link", 0x00000015, f"{SMPP34} 4.11.1", response="enquire_link_resp", states=_ANY, doc="Asks whether the peer is alive."),
    _response("enquire_link", 0x00000015, f"{SMPP34} 4.11.2", sender="both", states=_ANY),
    Command("submit_multi", 0x00000021, f"{SMPP34} 4.5.1", (
        _SERVICE_TYPE, *_SOURCE, _u8("number_of_dests", "5.2.24", "Entries of dest_addresses.", status="ESME_RINVNUMDESTS", counts="dest_addresses"),
        Field("dest_addresses", "dests", f"{SMPP34} 4.5.1.1", 254, status="ESME_RINVNUMDESTS", doc="Addresses and distribution lists."), *_TAIL,
    ), response="submit_multi_resp", sender="esme", states=_TX, tlvs=tuple(n for n in _SUBMIT_TLVS if n not in ("more_messages_to_send", "number_of_messages", "its_reply_type", "its_session_info", "ussd_service_op")),
        doc="Hands one message for up to 254 destinations to the SMSC."),
    _response("submit_multi", 0x00000021, f"{SMPP34} 4.5.2", (
        _MESSAGE_ID, _u8("no_unsuccess", "5.2.26", "Entries of unsuccess_smes.", counts="unsuccess_smes"),
        Field("unsuccess_smes", "unsuccess", f"{SMPP34} 4.5.2.1", 254, doc="Destinations that failed, with their status."),
    ), "when_ok"),
    Command("alert_notification", 0x00000102, f"{SMPP34} 4.12.1", (
        *_LONG_SOURCE, _u8("esme_addr_ton", "5.2.5", "Type of number of esme_addr.", "ton"),
        _u8("esme_addr_npi", "5.2.6", "Numbering plan of esme_addr.", "npi"),
        _cstring("esme_addr", 65, "5.2.10", "ESME_RSYSERR", "The ESME that asked for the alert."),
    ), sender="smsc", states=_RX, tlvs=("ms_availability_status",), doc="Says that a mobile subscriber can be reached again; has no response."),
    Command("data_sm", 0x00000103, f"{SMPP34} 4.7.1", (_SERVICE_TYPE, *_LONG_SOURCE, *_LONG_DEST, _ESM_CLASS, _REGISTERED, _DATA_CODING),
            response="data_sm_resp", sender="both", states=_BOUND, tlvs=_DATA_TLVS, doc="A message in either direction whose text is a TLV."),
    _response("data_sm", 0x00000103, f"{SMPP34} 4.7.2", (_MESSAGE_ID,), "when_ok", "both", _BOUND, _DATA_RESP_TLVS),
    Command("broadcast_sm", 0x00000111, f"{SMPP50} 4.4.1.1", (
        _SERVICE_TYPE, *_SOURCE, _MESSAGE_ID, _FLAGS[1]._replace(values="broadcast_priority_flag"), _SCHEDULE, _VALIDITY, _REPLACE, _DATA_CODING, _DEFAULT_MSG,
    ), response="broadcast_sm_resp", sender="esme", states=_TX, tlvs=(
        "broadcast_area_identifier", "broadcast_content_type", "broadcast_rep_num", "broadcast_frequency_interval", "alert_on_message_delivery",
        "broadcast_channel_indicator", "broadcast_content_type_info", "broadcast_message_class", "broadcast_service_group", "callback_num",
        "callback_num_atag", "callback_num_pres_ind", "dest_addr_subunit", "dest_subaddress", "destination_port", "display_time",
        "language_indicator", "message_payload", "ms_validity", "payload_type", "privacy_indicator", "sms_signal", "source_addr_subunit",
        "source_port", "source_subaddress", "user_message_reference",
    ), doc="Hands a message for an area to the SMSC."),
    _response("broadcast_sm", 0x00000111, f"{SMPP50} 4.4.1.2", (_MESSAGE_ID,), "when_ok",
              tlvs=("broadcast_error_status", "failed_broadcast_area_identifier")),
    Command("query_broadcast_sm", 0x00000112, f"{SMPP50} 4.6.1.1", (_MESSAGE_ID, *_SOURCE), response="query_broadcast_sm_resp", sender="esme",
            states=_TX, tlvs=("user_message_reference",), doc="Asks for the state of a broadcast."),
    _response("query_broadcast_sm", 0x00000112, f"{SMPP50} 4.6.1.3", (_MESSAGE_ID,), "when_ok",
              tlvs=("message_state", "broadcast_area_identifier", "broadcast_area_success", "broadcast_end_time", "user_message_reference")),
    Command("cancel_broadcast_sm", 0x00000113, f"{SMPP50} 4.6.2.1", (_SERVICE_TYPE, _MESSAGE_ID, *_SOURCE), response="cancel_broadcast_sm_resp",
            sender="esme", states=_TX, tlvs=("broadcast_content_type", "user_message_reference"), doc="Cancels a broadcast."),
    _response("cancel_broadcast_sm", 0x00000113, f"{SMPP50} 4.6.2.3"),
    Command("generic_nack", 0x80000000, f"{SMPP34} 4.3.1", states=_ANY, doc="Answers what cannot be read as a PDU or is no known command."),
)

COMMANDS: dict[int, Command] = {row.id: row for row in _ROWS}
BY_NAME: dict[str, Command] = {row.name: row for row in _ROWS}
