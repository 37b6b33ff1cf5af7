"""The tables are sound, complete and say what the documents say; their readings are total."""

import subprocess
import sys
from enum import IntEnum
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp_core import spec
from smpp_core.spec import check, commands, data_codings, statuses, tlvs, values, vendor
from smpp_core.spec.data_codings import GsmGroup, gsm_group
from smpp_core.spec.rows import Command, DataCoding, Field, FindingRow, GsmError, Status, Tlv, Value

# Names, tags and statuses as public dissectors and stacks list them: typed from there, not from our tables.
TAGS = """
dest_addr_subunit 0005 dest_network_type 0006 dest_bearer_type 0007 dest_telematics_id 0008 source_addr_subunit 000D
source_network_type 000E source_bearer_type 000F source_telematics_id 0010 qos_time_to_live 0017 payload_type 0019
additional_status_info_text 001D receipted_message_id 001E ms_msg_wait_facilities 0030 privacy_indicator 0201 source_subaddress 0202
dest_subaddress 0203 user_message_reference 0204 user_response_code 0205 source_port 020A destination_port 020B sar_msg_ref_num 020C
language_indicator 020D sar_total_segments 020E sar_segment_seqnum 020F sc_interface_version 0210 callback_num_pres_ind 0302
callback_num_atag 0303 number_of_messages 0304 callback_num 0381 dpf_result 0420 set_dpf 0421 ms_availability_status 0422
network_error_code 0423 message_payload 0424 delivery_failure_reason 0425 more_messages_to_send 0426 message_state 0427
congestion_state 0428 ussd_service_op 0501 broadcast_channel_indicator 0600 broadcast_content_type 0601 broadcast_content_type_info 0602
broadcast_message_class 0603 broadcast_rep_num 0604 broadcast_frequency_interval 0605 broadcast_area_identifier 0606
broadcast_error_status 0607 broadcast_area_success 0608 broadcast_end_time 0609 broadcast_service_group 060A billing_identification 060B
source_network_id 060D dest_network_id 060E source_node_id 060F dest_node_id 0610 dest_addr_np_resolution 0611
dest_addr_np_information 0612 dest_addr_np_country 0613 display_time 1201 sms_signal 1203 ms_validity 1204 alert_on_message_delivery 130C
its_reply_type 1380 its_session_info 1383
""".split()

STATUS_CODES = [
    *range(0x09), *range(0x0A, 0x10), 0x11, 0x13, 0x14, 0x15, 0x33, 0x34, 0x40, *range(0x42, 0x46), 0x48, 0x49, 0x50, 0x51, 0x53,
    0x54,
    0x55, 0x58, *range(0x61, 0x68), *range(0xC0, 0xC5), 0xFE, 0xFF, *range(0x100, 0x113),
]

# Tables of the vendor's document, as printed.
TABLE_14 = """
Original network name|TLVString|0x1412|5138
Original network prefix|TLVString|0x140B|5131
Original country|TLVString|0x1422|5154
Original country code|TLVString|0x1423|5155
Original country prefix|TLVString|0x1424|5156
Ported network name|TLVString|0x1413|5139
Ported country prefix|TLVString|0x1442|5186
Ported network prefix|TLVString|0x143e|5182
Ported network country name|TLVString|0x143f|5183
Is number ported|TLVInt|0x1421|5153
Roaming network name|TLVString|0x1414|5140
Roaming network prefix|TLVString|0x1419|5145
Roaming country name|TLVString|0x1415|5141
Roaming country code|TLVString|0x1417|5143
Roaming country prefix|TLVString|0x1420|5152
MCCMNC|TLVString|0x1416|5142
Price per message|TLVInt|0x1418|5144
Serving HLR|TLVString|0x1409|5129
Is number correct|TLVInt|0x1425|5157
""".strip().splitlines()

TABLE_15 = """
EC_UNKNOWN_SUBSCRIBER 1 EC_OR_encapsulatedAC_NotSupported 1027 EC_UNIDENTIFIED_SUBSCRIBER 5 EC_OR_transportProtectionNotAdequate 1028
EC_ABSENT_SUBSCRIBER_SM 6 EC_OR_potentialVersionIncompatibility 1030 EC_ILLEGAL_SUBSCRIBER 9 EC_OR_remoteNodeNotReachable 1031
EC_TELESERVICE_NOT_PROVISIONED 11 EC_NNR_noTranslationForAnAddressOfSuchNatur 1152 EC_ILLEGAL_EQUIPMENT 12
EC_NNR_noTranslationForThisSpecificAddress 1153 EC_CALL_BARRED 13 EC_NNR_subsystemCongestion 1154 EC_FACILITY_NOT_SUPPORTED 21
EC_NNR_subsystemFailure 1155 EC_ABSENT_SUBSCRIBER 27 EC_NNR_unequippedUser 1156 EC_SUBSCRIBER_BUSY_FOR_MT_SMS 31 EC_NNR_MTPfailure 1157
EC_SM_DELIVERY_FAILURE 32 EC_NNR_networkCongestion 1158 EC_MESSAGE_WAITING_LIST_FULL 33 EC_NNR_unqualified 1159 EC_SYSTEM_FAILURE 34
EC_NNR_SCCPfailure 1163 EC_UNEXPECTED_DATA_VALUE 36 EC_UA_userSpecificReason 1281 EC_SM_DF_memoryCapacityExceeded 256
EC_UA_userResourceLimitation 1282 EC_SM_DF_equipmentProtocolError 257 EC_UA_resourceUnavailable 1283 EC_SM_DF_equipmentNotSM_Equipped 258
EC_PA_providerMalfunction 1536 EC_SM_DF_sc_Congestion 260 EC_PA_ressourceLimitation 1538 EC_SM_DF_invalidSME_Address 261
EC_PA_maintenanceActivity 1539 EC_SM_DF_subscriberNotSC_Subscriber 262 EC_PA_versionIncompatibility 1540 EC_PROVIDER_GENERAL_ERROR 500
EC_PA_abnormalMapDialog 1541 EC_NO_RESPONSE 502 EC_TIME_OUT 2048 EC_SERVICE_COMPLETION_FAILURE 503 EC_InvalidMscAddress 2051
EC_UNEXPECTED_RESPONSE_FROM_PEER 504 EC_InvalidPduFormat 4096 EC_MISTYPED_PARAMETER 507 EC_Cancelled 4100 EC_INITIATING_RELEASE 511
EC_ValidityExpired 4101
""".split()


def pairs(words: list[str]) -> list[tuple[str, str]]:
    return list(zip(words[::2], words[1::2], strict=True))


def test_every_row_of_every_table_is_sound() -> None:
    assert check.check() == []


def test_the_tables_load_by_file_path_without_the_package_and_without_site_packages() -> None:
    folder = Path(spec.__file__).parent
    code = (
        f"import sys; sys.path.insert(0, {str(folder.parent)!r}); import spec.check, spec.vendor, spec.walk; "
        "assert spec.check.check() == []; assert not any(name.partition('.')[0] == 'smpp_core' for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_the_check_is_a_command_that_says_so() -> None:
    done = subprocess.run([sys.executable, "-m", "smpp_core.spec.check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "the tables are sound")


# --- the check finds what is wrong

GOOD_FIELD = Field("name", "cstring", "SMPP 3.4 5.2.1", 10, doc="A name.")
COUNT = Field("n", "u8", "SMPP 3.4 5.2.1", 1, counts="text", doc="Octets of text.")
TEXT = Field("text", "octets", "SMPP 3.4 5.2.1", 254, doc="The text.")
GOOD_COMMAND = Command("do_it", 0x77, "SMPP 3.4 4.1.1", (GOOD_FIELD, COUNT, TEXT), doc="Does it.")
GOOD_TLV = Tlv(0x0777, "thing", "integer", 1, 4, "SMPP 3.4 5.3.2.1", doc="A thing.")
GOOD_STATUS = Status(0x777, "ESME_RTHING", "Thing", "never", "SMPP 3.4 5.1.3")
GOOD_FINDING = FindingRow("some-thing", "note", "pdu", "", "SMPP 3.4 3.1", "it is {said}", "It is odd.")


def test_the_check_accepts_good_rows() -> None:
    assert list(check.check_commands([GOOD_COMMAND])) == []
    assert list(check.check_tlvs([GOOD_TLV])) == []
    assert list(check.check_statuses([GOOD_STATUS], {})) == []
    assert list(check.check_findings([GOOD_FINDING])) == []


@pytest.mark.parametrize("change", [
    {"name": "DoIt"}, {"section": ""}, {"section": "SMPP 3.3 4.1"}, {"doc": ""}, {"doc": "no sentence"}, {"body": "when_ok"},
    {"sender": "me"},
    {"states": ()}, {"states": ("BOUND",)}, {"response": "do_it_resp"}, {"tlvs": ("no_such_tlv",)}, {"tlvs": ("callback_num",) * 2},
    {"fields": (GOOD_FIELD, GOOD_FIELD)}, {"fields": (COUNT,)}, {"fields": (TEXT,)}, {"fields": (COUNT, GOOD_FIELD, TEXT)},
])
def test_the_check_finds_a_bad_command(change: dict[str, object]) -> None:
    assert list(check.check_commands([GOOD_COMMAND._replace(**change)]))  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [
    {"name": "Name"}, {"name": "sequence_number"}, {"kind": "u16"}, {"section": "5.2.1"}, {"max": 0}, {"values": "no_such_table"},
    {"values": "ton"},
    {"form": "date"}, {"form": "time"}, {"status": "ESME_RNOSUCH"}, {"doc": ""}, {"counts": "text"},
])
def test_the_check_finds_a_bad_field(change: dict[str, object]) -> None:
    field = GOOD_FIELD._replace(**change)  # type: ignore[arg-type]
    assert list(check.check_commands([GOOD_COMMAND._replace(fields=(field,))]))


@pytest.mark.parametrize("change", [
    {"name": "Thing"}, {"name": "findings"}, {"name": "short_message"}, {"kind": "u8"}, {"min": 5}, {"min": -1}, {"max": 9},
    {"section": "vendor"},
    {"tag": 0x10000}, {"tag": 0x1500}, {"values": "no_such_table"}, {"kind": "octets", "values": "ton"}, {"doc": ""},
])
def test_the_check_finds_a_bad_tlv(change: dict[str, object]) -> None:
    assert list(check.check_tlvs([GOOD_TLV._replace(**change)], {"short_message", "message_state"}))  # type: ignore[arg-type]


def test_the_check_allows_message_state_as_field_and_tlv() -> None:
    assert list(check.check_tlvs([GOOD_TLV._replace(name="message_state")], {"message_state"})) == []


def test_the_check_finds_keys_and_names_that_stand_twice() -> None:
    assert list(check.check_commands([GOOD_COMMAND, GOOD_COMMAND._replace(name="other")]))
    assert list(check.check_tlvs([GOOD_TLV, GOOD_TLV._replace(tag=0x0778)]))
    assert list(check.check_tlvs([GOOD_TLV, GOOD_TLV._replace(name="other")]))
    assert list(check.check_statuses([GOOD_STATUS, GOOD_STATUS._replace(name="ESME_ROTHER")], {}))
    assert list(check.check_findings([GOOD_FINDING, GOOD_FINDING]))
    row = Value(1, "ONE", "one", "SMPP 3.4 5.2.5")
    assert list(check.check_values({"ton": [row, row._replace(name="TWO")]}))
    assert list(check.check_values({"ton": [row, row._replace(value=2)]}))


def test_the_check_finds_faults_of_the_smaller_tables() -> None:
    assert list(check.check_statuses([GOOD_STATUS._replace(retry="soon")], {}))
    assert list(check.check_statuses([GOOD_STATUS], {"ESME_RTHING": 1}))
    assert list(check.check_statuses([GOOD_STATUS], {"ESME_RTHING": 0x777, "ESME_RMORE": 0x778}))
    assert list(check.check_findings([GOOD_FINDING._replace(status="ESME_RNOSUCH")]))
    assert list(check.check_findings([GOOD_FINDING._replace(severity="fatal")]))
    assert list(check.check_values({"ton": [Value(1, "one", "one", "SMPP 3.4 5.2.5")]}))
    assert list(check.check_ranges({"ton": [values.Range(6, 7, "x")]}, ()))
    assert list(check.check_ranges({"no_such_table": []}, ()))
    assert list(check.check_ranges({}, ["no_such_table"]))
    assert list(check.check_data_codings([DataCoding(1, "X", "no_such_codec", "x", "SMPP 3.4 5.2.19")]))
    assert list(check.check_gsm_errors([GsmError(1, "", "x", True, "vendor 2014 4.1")]))
    assert list(check.check_tlv_names({"callback_num": "callback_num"}, ()))
    assert list(check.check_tlv_names({}, ["no_such_tlv"]))
    assert list(check.check_command_ids(commands.COMMANDS, {"SUBMIT_SM": 5}))


# --- the tables say what the documents say


def test_the_standard_tags_are_those_that_others_know() -> None:
    assert {row.name: row.tag for row in tlvs.TLVS.values()} == {name: int(tag, 16) for name, tag in pairs(TAGS)}


def test_sections_of_3_4_tlvs_run_from_1_to_44_and_none_of_5_0_repeats() -> None:
    sections = [row.section for row in tlvs.TLVS.values()]
    old = sorted(int(section.rpartition(".")[2]) for section in sections if section.startswith("SMPP 3.4 5.3.2."))
    new = [section for section in sections if section.startswith("SMPP 5.0 4.8.4.")]
    assert old == list(range(1, 45))
    assert len(set(new)) == len(new) == 20


@pytest.mark.parametrize(("name", "kind", "least", "most"), [
    ("dest_addr_subunit", "integer", 1, 1), ("dest_telematics_id", "integer", 2, 2), ("source_telematics_id", "integer", 1, 2),
    ("qos_time_to_live", "integer", 4, 4), ("additional_status_info_text", "cstring", 1, 256), ("receipted_message_id", "cstring", 1, 65),
    ("source_subaddress", "octets", 2, 23), ("user_message_reference", "integer", 2, 2), ("source_port", "integer", 2, 2),
    ("sar_msg_ref_num", "integer", 2, 2), ("sar_total_segments", "integer", 1, 1), ("callback_num", "octets", 4, 19),
    ("callback_num_atag", "octets", 1, 65), ("network_error_code", "octets", 3, 3), ("message_payload", "octets", 0, 65535),
    ("message_state", "integer", 1, 1), ("sms_signal", "integer", 2, 2), ("ms_validity", "integer", 1, 4),
    ("alert_on_message_delivery", "flag", 0, 1), ("its_session_info", "octets", 2, 2), ("congestion_state", "integer", 1, 1),
    ("broadcast_content_type", "octets", 3, 3), ("broadcast_rep_num", "integer", 2, 2), ("broadcast_error_status", "integer", 4, 4),
    ("broadcast_frequency_interval", "octets", 3, 3), ("billing_identification", "octets", 1, 1024), ("dest_node_id", "octets", 6, 6),
    ("dest_network_id", "cstring", 7, 65), ("dest_addr_np_information", "octets", 10, 10), ("dest_addr_np_country", "octets", 1, 5),
])
def test_kind_and_length_of_a_tlv(name: str, kind: str, least: int, most: int) -> None:
    row = tlvs.BY_NAME[name]
    assert (row.kind, row.min, row.max) == (kind, least, most)


def test_second_names_lead_to_the_same_row() -> None:
    assert tlvs.BY_NAME["failed_broadcast_area_identifier"] is tlvs.BY_NAME["broadcast_area_identifier"]
    assert tlvs.BY_NAME["dest_port"] is tlvs.BY_NAME["destination_port"]


def test_every_status_of_both_standards_is_there_and_5_0_spellings_too() -> None:
    assert sorted(statuses.STATUSES) == STATUS_CODES
    assert statuses.BY_NAME["ESME_RINVTLVSTREAM"] is statuses.BY_NAME["ESME_RINVOPTPARSTREAM"] is statuses.STATUSES[0xC0]


@pytest.mark.parametrize(("name", "retry"), [
    ("ESME_RTHROTTLED", "later"), ("ESME_RMSGQFUL", "later"), ("ESME_RX_T_APPN", "later"), ("ESME_RX_P_APPN", "never"),
    ("ESME_RX_R_APPN", "never"),
    ("ESME_RSYSERR", "later"), ("ESME_RINVBNDSTS", "rebind"), ("ESME_RINVDSTADR", "never"), ("ESME_RINVPASWD", "never"),
    ("ESME_RSUBMITFAIL", "unknown"), ("ESME_RDELIVERYFAILURE", "unknown"), ("ESME_RUNKNOWNERR", "unknown"),
    ("ESME_RSERTYPUNAVAIL", "later"),
])
def test_what_a_status_says_about_trying_again(name: str, retry: str) -> None:
    assert statuses.BY_NAME[name].retry == retry


def test_vendor_tlvs_are_those_of_its_tables_and_examples() -> None:
    printed = {int(row[2], 16): row for row in (line.split("|") for line in TABLE_14)}
    assert len(printed) == 19
    assert set(vendor.TLVS) == set(printed) | {0x1403, 0x1406, 0x1456}
    for tag, (name, kind, _, decimal) in printed.items():
        row = vendor.TLVS[tag]
        assert (row.name, tag) == (name.lower().replace(" ", "_"), int(decimal))
        assert row.kind == {"TLVString": "cstring", "TLVInt": "integer"}[kind]
        assert row.kind == "cstring" or row.min == row.max == 4
        assert row.section == "vendor 2014 3.2"


def test_vendor_imsi_and_msc_are_bare_mccmnc_may_be_empty_and_campaign_id_holds_64_characters() -> None:
    assert vendor.TLVS[0x1403][1:5] == ("imsi", "string", 6, 16)
    assert vendor.TLVS[0x1406][1:5] == ("msc", "string", 1, 21)
    assert vendor.TLVS[0x1416].min == 0
    assert vendor.TLVS[0x1456][1:5] == ("campaign_id", "cstring", 1, 65)


def test_vendor_gsm_errors_are_the_52_of_table_15_and_no_error() -> None:
    printed = {int(value): name for name, value in pairs(TABLE_15)}
    assert len(printed) == 52
    assert {value: row.name for value, row in vendor.GSM_ERRORS.items() if value} == printed
    assert vendor.GSM_ERRORS[0].name == "NO_ERROR"


@pytest.mark.parametrize(("value", "permanent"), [
    (0, False), (1, True), (6, False), (9, True), (27, False), (31, False), (256, False), (4101, True),
])
def test_permanence_of_a_gsm_error(value: int, permanent: bool) -> None:
    assert vendor.GSM_ERRORS[value].permanent is permanent


def test_vendor_data_codings_and_statuses_are_those_of_4_2_and_4_3() -> None:
    alphabets = {value: row.alphabet for value, row in vendor.DATA_CODINGS.items()}
    assert alphabets == {0: "gsm7", 1: "gsm7", 3: "latin1", 4: "binary", 8: "ucs2", 24: "ucs2", 240: "gsm7", 245: "binary"}
    assert sorted(vendor.STATUSES) == [0x0A, 0x0C, 0x22, 0xFF, 0x4A1]


@pytest.mark.parametrize("value", [24, 240, 245])
def test_vendor_data_codings_agree_with_the_gsm_groups(value: int) -> None:
    assert vendor.DATA_CODINGS[value].alphabet == gsm_group(value).alphabet


# --- values


@pytest.mark.parametrize(("table", "value", "reserved"), [
    ("ton", 6, False), ("ton", 7, True), ("npi", 18, False), ("npi", 2, True), ("npi", 255, True), ("priority_flag", 3, False),
    ("priority_flag", 4, True), ("broadcast_priority_flag", 4, False), ("protocol_id", 0x85, False), ("esm_class", 0x0C, False),
    ("data_coding", 11, False), ("data_coding", 0x99, False), ("registered_delivery", 0xFF, False), ("replace_if_present_flag", 2, True),
    ("interface_version", 0x00, False), ("interface_version", 0x33, False), ("interface_version", 0x34, False),
    ("interface_version", 0x35, True),
    ("interface_version", 0x50, False), ("message_state", 0, False), ("message_state", 9, False), ("message_state", 10, True),
    ("ussd_service_op", 4, True), ("ussd_service_op", 20, True), ("ussd_service_op", 32, False), ("language_indicator", 77, False),
    ("number_of_messages", 99, False), ("number_of_messages", 100, True), ("congestion_state", 100, False), ("congestion_state", 101, True),
    ("broadcast_area_success", 101, True), ("broadcast_area_success", 255, False), ("ms_validity", 4, False), ("ms_validity", 5, True),
    ("ms_validity", 0x04030007, False), ("ms_validity", 0x05030007, True), ("no_such_table", 7, False), ("ton", -1, True),
    ("ton", 1 << 70, True),
])
def test_what_is_reserved(table: str, value: int, reserved: bool) -> None:
    assert values.is_reserved(table, value) is reserved


@pytest.mark.parametrize("table", sorted(values.VALUES))
def test_the_table_of_reserved_octets_says_what_is_reserved_says(table: str) -> None:
    flags = values.reserved_table(table)
    assert len(flags) == 256
    assert [bool(flag) for flag in flags] == [values.is_reserved(table, value) for value in range(256)]


@pytest.mark.parametrize("table", sorted(values.VALUES))
def test_named_octets_have_words_and_are_not_reserved(table: str) -> None:
    for row in values.VALUES[table]:
        assert not values.is_reserved(table, row.value)
        assert values.describe(table, row.value)


@pytest.mark.parametrize(("table", "value", "words"), [
    ("ton", 1, "international"), ("ton", 7, ""), ("npi", 1, "ISDN (E.163/E.164)"), ("esm_class", 0, "default"),
    ("esm_class", 0x04, "receipt"),
    ("esm_class", 0x44, "UDHI, receipt"), ("esm_class", 0xE3, "UDHI, reply path, intermediate notification, store and forward"),
    ("esm_class", 0x0C, "reserved message type 3"), ("esm_class", 256, ""), ("registered_delivery", 0x00, "no receipt"),
    ("registered_delivery", 0x15, "receipt, delivery acknowledgement, intermediate notification"),
    ("registered_delivery", 0x81, "receipt, reserved bits 0x80"), ("data_coding", 0, "SMSC default alphabet"),
    ("data_coding", 8, "UCS-2 (ISO/IEC 10646)"),
    ("data_coding", 0xF0, "GSM 7-bit, class 0 (flash)"), ("data_coding", 0xF5, "8-bit data, class 1"),
    ("data_coding", 0x18, "UCS-2, class 0 (flash)"),
    ("data_coding", 0xC8, "GSM 7-bit, voicemail waiting on, discard"), ("data_coding", 0x90, "reserved coding"),
    ("message_state", 2, "delivered"),
    ("congestion_state", 85, "optimum load"), ("congestion_state", 90, "nearing congestion"), ("number_of_messages", 3, "3 messages"),
    ("broadcast_area_success", 40, "40 %"), ("callback_num_pres_ind", 0x09, "number not available, verified and passed"),
    ("callback_num_pres_ind", 0x0C, "reserved presentation, not screened"),
    ("ms_msg_wait_facilities", 0x82, "e-mail waiting, indication on"),
    ("ms_validity", 0x04030007, "for a time (5.0): 7 days"), ("ms_validity", 1, "until power down"),
    ("protocol_id", 0x41, "replace short message"),
    ("protocol_id", 0x40, "short message type 0 (silent)"), ("ussd_service_op", 40, "vendor specific"), ("no_such_table", 1, ""),
])
def test_values_in_words(table: str, value: int, words: str) -> None:
    assert values.describe(table, value) == words


@given(st.sampled_from([*values.VALUES, "no_such_table", ""]), st.integers())
def test_describe_and_is_reserved_take_any_number(table: str, value: int) -> None:
    assert isinstance(values.describe(table, value), str)
    assert isinstance(values.is_reserved(table, value), bool)


@pytest.mark.parametrize(("name", "octets", "words"), [
    ("network_error_code", "03001B", "GSM error 27"), ("network_error_code", "303237", "network type 48 error 12855"),
    ("network_error_code", "03", ""),
    ("broadcast_content_type", "010001", "GSM, service 0x0001"), ("broadcast_frequency_interval", "09000F", "15 minutes"),
    ("broadcast_frequency_interval", "000000", "as often as possible"), ("source_subaddress", "A031", "user specified"),
    ("broadcast_area_identifier", "004142", "alias or name"),
    ("callback_num", "01010131", "ASCII digits, international, ISDN (E.163/E.164)"),
    ("its_session_info", "0507", "session 5, sequence 3, end of session"), ("message_payload", "00", ""), ("network_error_code", "", ""),
])
def test_composite_tlvs_in_words(name: str, octets: str, words: str) -> None:
    assert values.describe_octets(name, bytes.fromhex(octets)) == words


@given(st.sampled_from(sorted(tlvs.BY_NAME)), st.binary(max_size=8))
def test_describe_octets_takes_any_octets(name: str, octets: bytes) -> None:
    assert isinstance(values.describe_octets(name, octets), str)


@pytest.mark.parametrize(("enumeration", "table"), [
    (values.Ton, "ton"), (values.Npi, "npi"), (values.MessageState, "message_state"), (values.DataCoding, "data_coding"),
])
def test_enumerations_hold_the_names_and_numbers_of_their_table(enumeration: type[IntEnum], table: str) -> None:
    assert {member.name: member.value for member in enumeration} == {row.name: row.value for row in values.VALUES[table]}


def test_enumerations_compare_with_plain_numbers() -> None:
    numbers = 2, 0x80000004, 0x58, 0xC2
    assert numbers == (
        values.MessageState.DELIVERED, values.CommandId.SUBMIT_SM_RESP, values.CommandStatus.ESME_RTHROTTLED,
        values.CommandStatus.ESME_RINVTLVLEN,
    )
    assert values.CommandStatus(0xC2).name == "ESME_RINVPARLEN"


# --- data_coding


@pytest.mark.parametrize(("value", "group"), [
    (0x00, GsmGroup("gsm7")),
    (0x04, GsmGroup("binary")),
    (0x08, GsmGroup("ucs2")),
    (0x0C, GsmGroup("reserved")),
    (0x01, GsmGroup("gsm7")),  # the class bits mean nothing without bit 4
    (0x10, GsmGroup("gsm7", 0, True)),
    (0x11, GsmGroup("gsm7", 1)),
    (0x18, GsmGroup("ucs2", 0, True)),
    (0x16, GsmGroup("binary", 2)),
    (0x20, GsmGroup("gsm7", compressed=True)),
    (0x33, GsmGroup("gsm7", 3, compressed=True)),
    (0x58, GsmGroup("ucs2", 0, True, auto_delete=True)),
    (0x60, GsmGroup("gsm7", compressed=True, auto_delete=True)),
    (0x80, GsmGroup("reserved")),
    (0xBF, GsmGroup("reserved")),
    (0xC0, GsmGroup("gsm7", indication="voicemail", indication_active=False, store=False)),
    (0xC9, GsmGroup("gsm7", indication="fax", indication_active=True, store=False)),
    (0xDA, GsmGroup("gsm7", indication="email", indication_active=True, store=True)),
    (0xE3, GsmGroup("ucs2", indication="other", indication_active=False, store=True)),
    (0xF0, GsmGroup("gsm7", 0, True)),
    (0xF5, GsmGroup("binary", 1)),
    (0xF3, GsmGroup("gsm7", 3)),
])
def test_a_gsm_coding_group(value: int, group: GsmGroup) -> None:
    assert gsm_group(value) == group


@given(st.integers(0, 255))
def test_every_octet_is_in_one_gsm_group_and_its_parts_agree(value: int) -> None:
    group = gsm_group(value)
    assert group.flash == (group.message_class == 0)
    assert (group.alphabet == "reserved" and not group.compressed) or group.alphabet in ("gsm7", "binary", "ucs2", "reserved")
    assert (group.indication == "") == (group.indication_active is None) == (group.store is None)
    assert not (group.indication and group.message_class is not None)
    assert group.compressed == (value < 0x80 and bool(value & 0x20))
    assert group.auto_delete == (0x40 <= value < 0x80)
    assert data_codings.describe_group(value)


@pytest.mark.parametrize("value", [-1, 256])
def test_a_gsm_group_is_read_from_one_octet_only(value: int) -> None:
    with pytest.raises(ValueError, match="no octet"):
        gsm_group(value)
    assert data_codings.describe_group(value) == ""


def test_standard_data_codings_have_the_alphabets_of_5_2_19() -> None:
    alphabets = {value: row.alphabet for value, row in data_codings.DATA_CODINGS.items()}
    assert alphabets == {
        0: "gsm7", 1: "ascii", 2: "binary", 3: "latin1", 4: "binary", 5: "shift_jis", 6: "iso8859_5", 7: "iso8859_8", 8: "ucs2",
        9: "shift_jis",
        10: "iso2022_jp", 13: "euc_jp", 14: "euc_kr",
    }
