"""Layer 0 of 9: what the vendor's document of 2014 adds: TLVs, statuses, GSM error codes, data codings."""

from .rows import VENDOR, DataCoding, GsmError, Status, Tlv

# The document's TLVString is a C-octet string of no stated size; the cap only keeps other providers' use of a tag apart.
_STRING_MAX = 256


def _string(tag: int, name: str, doc: str, least: int = 1) -> Tlv:
    return Tlv(tag, name, "cstring", least, _STRING_MAX, f"{VENDOR} 3.2", doc=doc)


def _integer(tag: int, name: str, doc: str) -> Tlv:
    return Tlv(tag, name, "integer", 4, 4, f"{VENDOR} 3.2", doc=doc)


_TLVS = (
    # Bare digits without NUL: the document's example prints both as octet strings. Its table lacks 0x1406.
    Tlv(0x1403, "imsi", "string", 6, 16, f"{VENDOR} 3.2", doc="IMSI of the subscriber, digits."),
    Tlv(0x1406, "msc", "string", 1, 21, f"{VENDOR} 3.2", doc="Address of the serving MSC, digits."),
    _string(0x1409, "serving_hlr", "Address of the serving HLR."),
    _string(0x140B, "original_network_prefix", "Prefix of the network that issued the number."),
    _string(0x1412, "original_network_name", "Network that issued the number."),
    _string(0x1413, "ported_network_name", "Network that the number was ported to."),
    _string(0x1414, "roaming_network_name", "Network that the subscriber visits."),
    _string(0x1415, "roaming_country_name", "Country that the subscriber visits."),
    # The document's failure example sends it empty; peers write that with and without the NUL.
    _string(0x1416, "mccmnc", "Mobile country and network code.", least=0),
    _string(0x1417, "roaming_country_code", "Two-letter code of the visited country."),
    _integer(0x1418, "price_per_message", "Price of the message, in hundredths."),
    _string(0x1419, "roaming_network_prefix", "Prefix of the visited network."),
    _string(0x1420, "roaming_country_prefix", "Calling code of the visited country."),
    _integer(0x1421, "is_number_ported", "1 if the number was ported, else 0."),
    _string(0x1422, "original_country", "Country of the network that issued the number."),
    _string(0x1423, "original_country_code", "Two-letter code of the issuing network's country."),
    _string(0x1424, "original_country_prefix", "Calling code of the issuing network's country."),
    _integer(0x1425, "is_number_correct", "1 if the number is well-formed, else 0."),
    _string(0x143E, "ported_network_prefix", "Prefix of the network that the number was ported to."),
    _string(0x143F, "ported_network_country_name", "Country of the network that the number was ported to."),
    _string(0x1442, "ported_country_prefix", "Calling code of the country that the number was ported to."),
    Tlv(0x1456, "campaign_id", "cstring", 1, 65, f"{VENDOR} 4.4", doc="Campaign of a message to a USA short code."),
)

TLVS: dict[int, Tlv] = {row.tag: row for row in _TLVS}


def _status(value: int, name: str, meaning: str, retry: str = "never") -> Status:
    return Status(value, name, meaning, retry, f"{VENDOR} 4.3")


# Where SMPP 3.4 has a name for the value it stays, so that scripts that compare names work with every profile; the meaning is the vendor's.
_STATUSES = (
    _status(0x0000000A, "ESME_RINVSRCADR", "Invalid source address"),
    _status(0x0000000C, "ESME_RINVMSGID", "Duplicate message ID: an earlier message counts"),
    _status(0x00000022, "NETWORK_NOT_COVERED", "Network not covered"),
    # A pause does not help, only somebody who pays.
    _status(0x000000FF, "ESME_RUNKNOWNERR", "Account has insufficient balance"),
    _status(0x000004A1, "SYSTEM_ERROR", "System error, or the channel is disabled", "later"),
)

STATUSES: dict[int, Status] = {row.value: row for row in _STATUSES}


def _gsm(value: int, name: str, meaning: str, permanent: bool = False) -> GsmError:
    return GsmError(value, name, meaning, permanent, f"{VENDOR} 4.1")


# The document does not say which are permanent. Here: permanent where the number, the subscription, the handset or the message itself
# is at fault, so that the same message to the same number fails again; not where a network, a node or the moment is.
_GSM_ERRORS = (
    _gsm(0, "NO_ERROR", "no error"),
    _gsm(1, "EC_UNKNOWN_SUBSCRIBER", "the number is not assigned", True),
    # The MSC's register is stale until the next location update.
    _gsm(5, "EC_UNIDENTIFIED_SUBSCRIBER", "the serving MSC does not know the subscriber"),
    _gsm(6, "EC_ABSENT_SUBSCRIBER_SM", "the subscriber is absent for short messages"),
    _gsm(9, "EC_ILLEGAL_SUBSCRIBER", "the subscriber failed authentication", True),
    _gsm(11, "EC_TELESERVICE_NOT_PROVISIONED", "the subscription has no short messages", True),
    _gsm(12, "EC_ILLEGAL_EQUIPMENT", "the handset is blacklisted", True),
    _gsm(13, "EC_CALL_BARRED", "the subscriber or the operator bars short messages"),  # a bar is often lifted, as for unpaid bills
    _gsm(21, "EC_FACILITY_NOT_SUPPORTED", "the visited network does not support short messages"),  # until the subscriber moves
    _gsm(27, "EC_ABSENT_SUBSCRIBER", "the subscriber is absent: switched off or out of coverage"),
    _gsm(31, "EC_SUBSCRIBER_BUSY_FOR_MT_SMS", "the subscriber is busy with another short message"),
    _gsm(32, "EC_SM_DELIVERY_FAILURE", "the handset did not take the message"),
    _gsm(33, "EC_MESSAGE_WAITING_LIST_FULL", "the list of waiting messages is full"),
    _gsm(34, "EC_SYSTEM_FAILURE", "system failure in the network"),
    _gsm(36, "EC_UNEXPECTED_DATA_VALUE", "the network found an unexpected value in the request", True),
    _gsm(256, "EC_SM_DF_memoryCapacityExceeded", "the handset's memory is full"),
    _gsm(257, "EC_SM_DF_equipmentProtocolError", "protocol error in the handset", True),
    _gsm(258, "EC_SM_DF_equipmentNotSM_Equipped", "the handset cannot receive short messages", True),
    _gsm(260, "EC_SM_DF_sc_Congestion", "the service centre is congested"),
    _gsm(261, "EC_SM_DF_invalidSME_Address", "the address is invalid", True),
    _gsm(262, "EC_SM_DF_subscriberNotSC_Subscriber", "the subscriber is not one of the service centre", True),
    _gsm(500, "EC_PROVIDER_GENERAL_ERROR", "general error of the provider"),
    _gsm(502, "EC_NO_RESPONSE", "no response from the network"),
    _gsm(503, "EC_SERVICE_COMPLETION_FAILURE", "the service could not be completed"),
    _gsm(504, "EC_UNEXPECTED_RESPONSE_FROM_PEER", "unexpected response from the network"),
    _gsm(507, "EC_MISTYPED_PARAMETER", "the network found a mistyped parameter", True),
    _gsm(511, "EC_INITIATING_RELEASE", "the network released the dialogue"),
    _gsm(1027, "EC_OR_encapsulatedAC_NotSupported", "the application context is not supported"),
    _gsm(1028, "EC_OR_transportProtectionNotAdequate", "the transport protection is not adequate"),
    _gsm(1030, "EC_OR_potentialVersionIncompatibility", "potential version incompatibility"),
    _gsm(1031, "EC_OR_remoteNodeNotReachable", "the remote node cannot be reached"),
    _gsm(1152, "EC_NNR_noTranslationForAnAddressOfSuchNatur", "no route for an address of such nature", True),
    _gsm(1153, "EC_NNR_noTranslationForThisSpecificAddress", "no route for this address", True),
    _gsm(1154, "EC_NNR_subsystemCongestion", "subsystem congestion"),
    _gsm(1155, "EC_NNR_subsystemFailure", "subsystem failure"),
    _gsm(1156, "EC_NNR_unequippedUser", "the addressed node has no such user"),
    _gsm(1157, "EC_NNR_MTPfailure", "message transfer part failure"),
    _gsm(1158, "EC_NNR_networkCongestion", "network congestion"),
    _gsm(1159, "EC_NNR_unqualified", "the network refused, unqualified"),
    _gsm(1163, "EC_NNR_SCCPfailure", "signalling connection control part failure"),
    _gsm(1281, "EC_UA_userSpecificReason", "the remote node aborted for a reason of its own"),
    _gsm(1282, "EC_UA_userResourceLimitation", "the remote node aborted: resource limitation"),
    _gsm(1283, "EC_UA_resourceUnavailable", "the remote node aborted: resource unavailable"),
    _gsm(1536, "EC_PA_providerMalfunction", "the provider aborted: malfunction"),
    _gsm(1538, "EC_PA_ressourceLimitation", "the provider aborted: resource limitation"),
    _gsm(1539, "EC_PA_maintenanceActivity", "the provider aborted: maintenance"),
    _gsm(1540, "EC_PA_versionIncompatibility", "the provider aborted: version incompatibility"),
    _gsm(1541, "EC_PA_abnormalMapDialog", "the provider aborted: abnormal dialogue"),
    _gsm(2048, "EC_TIME_OUT", "time-out in the network"),
    _gsm(2051, "EC_InvalidMscAddress", "the MSC's address is invalid"),  # what the HLR said this time, not the subscriber's number
    _gsm(4096, "EC_InvalidPduFormat", "the message's format is invalid", True),
    _gsm(4100, "EC_Cancelled", "the message was cancelled", True),
    _gsm(4101, "EC_ValidityExpired", "the validity period is over", True),
)

GSM_ERRORS: dict[int, GsmError] = {row.value: row for row in _GSM_ERRORS}


def _coding(value: int, name: str, alphabet: str, meaning: str) -> DataCoding:
    return DataCoding(value, name, alphabet, meaning, f"{VENDOR} 4.2")


_DATA_CODINGS = (
    # Table 16 leaves 0 out; 3.1 makes GSM 7-bit the default encoding.
    DataCoding(0, "DEFAULT", "gsm7", "GSM 7-bit (default)", f"{VENDOR} 3.1"),
    _coding(1, "GSM7", "gsm7", "GSM 7-bit"),
    _coding(3, "LATIN1", "latin1", "ISO 8859-1"),
    _coding(4, "BINARY", "binary", "binary"),
    _coding(8, "UNICODE", "ucs2", "Unicode"),
    _coding(24, "UNICODE_FLASH", "ucs2", "Unicode, flash"),
    _coding(240, "FLASH", "gsm7", "flash"),
    _coding(245, "WAP_PUSH", "binary", "WAP push"),
)

DATA_CODINGS: dict[int, DataCoding] = {row.value: row for row in _DATA_CODINGS}
