"""Layer 0 of 9: every optional parameter (TLV) of SMPP 3.4 and 5.0."""

from .rows import SMPP34, SMPP50, Tlv


def _v34(tag: int, name: str, kind: str, least: int, most: int, section: int, doc: str, values: str = "") -> Tlv:
    return Tlv(tag, name, kind, least, most, f"{SMPP34} 5.3.2.{section}", values, doc)


def _v50(tag: int, name: str, kind: str, least: int, most: int, section: int, doc: str, values: str = "") -> Tlv:
    return Tlv(tag, name, kind, least, most, f"{SMPP50} 4.8.4.{section}", values, doc)


_ROWS = (
    _v34(0x0005, "dest_addr_subunit", "integer", 1, 1, 1, "Part of the destination device that the text is for.", "addr_subunit"),
    _v34(0x0006, "dest_network_type", "integer", 1, 1, 3, "Kind of network of the destination.", "network_type"),
    _v34(0x0007, "dest_bearer_type", "integer", 1, 1, 5, "Bearer that is wanted for the delivery.", "bearer_type"),
    _v34(0x0008, "dest_telematics_id", "integer", 2, 2, 7, "Telematic interworking at the destination."),
    _v34(0x000D, "source_addr_subunit", "integer", 1, 1, 2, "Part of the source device that made the text.", "addr_subunit"),
    _v34(0x000E, "source_network_type", "integer", 1, 1, 4, "Kind of network of the source.", "network_type"),
    _v34(0x000F, "source_bearer_type", "integer", 1, 1, 6, "Bearer over which the message came.", "bearer_type"),
    # One octet in 3.4, while its twin dest_telematics_id has two; 5.0 gives both two.
    _v34(0x0010, "source_telematics_id", "integer", 1, 2, 8, "Telematic interface over which the message came."),
    _v34(0x0017, "qos_time_to_live", "integer", 4, 4, 9, "Seconds from submission until the message expires."),
    _v34(0x0019, "payload_type", "integer", 1, 1, 10, "Kind of the higher-layer PDU in message_payload.", "payload_type"),
    _v34(0x001D, "additional_status_info_text", "cstring", 1, 256, 11, "ASCII words that explain a response."),
    _v34(0x001E, "receipted_message_id", "cstring", 1, 65, 12, "message_id of the message that a receipt is about."),
    _v34(0x0030, "ms_msg_wait_facilities", "integer", 1, 1, 13, "Message waiting indication at the mobile: on or off, and its kind.",
         "ms_msg_wait_facilities"),
    _v34(0x0201, "privacy_indicator", "integer", 1, 1, 14, "Level of privacy.", "privacy_indicator"),
    _v34(0x0202, "source_subaddress", "octets", 2, 23, 15, "Subaddress of the source: a type octet and the subaddress."),
    _v34(0x0203, "dest_subaddress", "octets", 2, 23, 16, "Subaddress of the destination: a type octet and the subaddress."),
    _v34(0x0204, "user_message_reference", "integer", 2, 2, 17, "Reference number that the sender gave the message."),
    _v34(0x0205, "user_response_code", "integer", 1, 1, 18, "Response code that the user chose in an acknowledgement."),
    _v34(0x020A, "source_port", "integer", 2, 2, 20, "Application port of the source."),
    _v34(0x020B, "destination_port", "integer", 2, 2, 21, "Application port of the destination (5.0 calls it dest_port)."),
    _v34(0x020C, "sar_msg_ref_num", "integer", 2, 2, 22, "Reference number that the segments of one message share."),
    _v34(0x020D, "language_indicator", "integer", 1, 1, 19, "Language of the text.", "language_indicator"),
    _v34(0x020E, "sar_total_segments", "integer", 1, 1, 23, "How many segments the message has."),
    _v34(0x020F, "sar_segment_seqnum", "integer", 1, 1, 24, "Which segment this is, from 1."),
    _v34(0x0210, "sc_interface_version", "integer", 1, 1, 25, "SMPP version that the SMSC speaks.", "interface_version"),
    _v34(0x0302, "callback_num_pres_ind", "integer", 1, 1, 37, "Presentation and screening of a call-back number.",
         "callback_num_pres_ind"),
    _v34(0x0303, "callback_num_atag", "octets", 1, 65, 38, "Name shown for a call-back number: a data_coding octet and the text."),
    _v34(0x0304, "number_of_messages", "integer", 1, 1, 39, "Messages in the mailbox.", "number_of_messages"),
    _v34(0x0381, "callback_num", "octets", 4, 19, 36, "Call-back number: digit mode, TON, NPI, digits."),
    _v34(0x0420, "dpf_result", "integer", 1, 1, 28, "Whether the delivery pending flag was set.", "dpf_result"),
    _v34(0x0421, "set_dpf", "integer", 1, 1, 29, "Whether a failed delivery shall set the delivery pending flag.", "set_dpf"),
    _v34(0x0422, "ms_availability_status", "integer", 1, 1, 30, "Whether the mobile can be reached.", "ms_availability_status"),
    _v34(0x0423, "network_error_code", "octets", 3, 3, 31, "Network's error: an octet for the kind of network, two for the number."),
    _v34(0x0424, "message_payload", "octets", 0, 0xFFFF, 32, "The text's octets, where short_message is too short for them."),
    _v34(0x0425, "delivery_failure_reason", "integer", 1, 1, 33, "Why a delivery in transaction mode failed.", "delivery_failure_reason"),
    _v34(0x0426, "more_messages_to_send", "integer", 1, 1, 34, "Whether more messages follow for the destination.",
         "more_messages_to_send"),
    _v34(0x0427, "message_state", "integer", 1, 1, 35, "State of the message that a receipt is about.", "message_state"),
    _v50(0x0428, "congestion_state", "integer", 1, 1, 18, "How loaded the peer is, in per cent.", "congestion_state"),
    _v34(0x0501, "ussd_service_op", "integer", 1, 1, 44, "USSD operation.", "ussd_service_op"),
    _v50(0x0600, "broadcast_channel_indicator", "integer", 1, 1, 7, "Cell broadcast channel.", "broadcast_channel_indicator"),
    _v50(0x0601, "broadcast_content_type", "octets", 3, 3, 8, "What the broadcast is about: a network type and a two-octet service."),
    _v50(0x0602, "broadcast_content_type_info", "octets", 1, 255, 6, "More about the content type."),
    _v50(0x0603, "broadcast_message_class", "integer", 1, 1, 12, "Message class of the broadcast.", "broadcast_message_class"),
    _v50(0x0604, "broadcast_rep_num", "integer", 2, 2, 13, "How often the broadcast is repeated."),
    _v50(0x0605, "broadcast_frequency_interval", "octets", 3, 3, 11, "Time between broadcasts: a unit octet and a two-octet number."),
    # In broadcast_sm_resp the same tag names the areas that failed, there called failed_broadcast_area_identifier.
    _v50(0x0606, "broadcast_area_identifier", "octets", 1, 101, 4, "Area of the broadcast: a format octet and up to 100 octets."),
    _v50(0x0607, "broadcast_error_status", "integer", 4, 4, 10, "command_status of an area that failed."),
    _v50(0x0608, "broadcast_area_success", "integer", 1, 1, 5, "Base stations of an area that took the message, in per cent.",
         "broadcast_area_success"),
    _v50(0x0609, "broadcast_end_time", "cstring", 17, 17, 9, "When the broadcast ended, an absolute SMPP time."),
    _v50(0x060A, "broadcast_service_group", "octets", 1, 255, 14, "Group of subscribers that the broadcast is for."),
    _v50(0x060B, "billing_identification", "octets", 1, 1024, 3, "Billing information: a format octet and the data."),
    _v50(0x060D, "source_network_id", "cstring", 7, 65, 56, "Network of the source."),
    _v50(0x060E, "dest_network_id", "cstring", 7, 65, 25, "Network of the destination."),
    _v50(0x060F, "source_node_id", "octets", 6, 6, 58, "Node of the source, six decimal digits."),
    _v50(0x0610, "dest_node_id", "octets", 6, 6, 27, "Node of the destination, six decimal digits."),
    _v50(0x0611, "dest_addr_np_resolution", "integer", 1, 1, 22, "Whether number portability was looked up.", "dest_addr_np_resolution"),
    _v50(0x0612, "dest_addr_np_information", "octets", 10, 10, 21, "Number portability of the destination."),
    _v50(0x0613, "dest_addr_np_country", "octets", 1, 5, 20, "E.164 code of the operator's country."),
    _v34(0x1201, "display_time", "integer", 1, 1, 26, "How long the mobile shows the message.", "display_time"),
    _v34(0x1203, "sms_signal", "integer", 2, 2, 40, "Alert tone of a TDMA mobile."),
    # One octet in 3.4; 5.0 adds a unit and a two-octet number behind the value 4.
    _v34(0x1204, "ms_validity", "integer", 1, 4, 27, "How long the message stays valid in the mobile.", "ms_validity"),
    # No octets in 3.4, one in 5.0.
    _v34(0x130C, "alert_on_message_delivery", "flag", 0, 1, 41, "Alert the user on arrival.", "alert_on_message_delivery"),
    _v34(0x1380, "its_reply_type", "integer", 1, 1, 42, "How the user replies in an interactive service.", "its_reply_type"),
    _v34(0x1383, "its_session_info", "octets", 2, 2, 43, "Interactive session: its number, then sequence number and end flag."),
)

TLVS: dict[int, Tlv] = {row.tag: row for row in _ROWS}

# Second names of a tag, each for the row's own.
ALIASES: dict[str, str] = {"failed_broadcast_area_identifier": "broadcast_area_identifier", "dest_port": "destination_port"}

# By every name. An alias leads to a row that has another name.
BY_NAME: dict[str, Tlv] = {row.name: row for row in _ROWS}
BY_NAME.update({alias: BY_NAME[name] for alias, name in ALIASES.items()})

# Parameters that their sections allow more than once in a PDU (SMPP 3.4 5.3.2.36-38, SMPP 5.0 4.4.1 and 4.6.1).
REPEATABLE: frozenset[str] = frozenset((
    "callback_num", "callback_num_pres_ind", "callback_num_atag", "broadcast_area_identifier", "failed_broadcast_area_identifier",
    "broadcast_error_status", "broadcast_area_success",
))

# Attributes of a Pdu, which no TLV may be named after.
PDU_NAMES: frozenset[str] = frozenset((
    "command", "command_id", "command_length", "command_status", "field_offset", "fields", "findings", "is_response", "profile", "replace",
    "reply", "row", "rules", "sequence_number", "status", "strict", "tail", "tlvs", "with_profile", "with_sequence",
))
