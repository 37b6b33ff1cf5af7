"""Layer 0 of 9: every command_status of SMPP 3.4 and 5.0, and what each says about trying again."""

from enum import IntEnum

from .rows import SMPP34, SMPP50, Status


class CommandStatus(IntEnum):
    """command_status of the standards. The five ESME_R…TLV… names are the 5.0 spellings of 3.4's values."""

    ESME_ROK = 0x00000000
    ESME_RINVMSGLEN = 0x00000001
    ESME_RINVCMDLEN = 0x00000002
    ESME_RINVCMDID = 0x00000003
    ESME_RINVBNDSTS = 0x00000004
    ESME_RALYBND = 0x00000005
    ESME_RINVPRTFLG = 0x00000006
    ESME_RINVREGDLVFLG = 0x00000007
    ESME_RSYSERR = 0x00000008
    ESME_RINVSRCADR = 0x0000000A
    ESME_RINVDSTADR = 0x0000000B
    ESME_RINVMSGID = 0x0000000C
    ESME_RBINDFAIL = 0x0000000D
    ESME_RINVPASWD = 0x0000000E
    ESME_RINVSYSID = 0x0000000F
    ESME_RCANCELFAIL = 0x00000011
    ESME_RREPLACEFAIL = 0x00000013
    ESME_RMSGQFUL = 0x00000014
    ESME_RINVSERTYP = 0x00000015
    ESME_RINVNUMDESTS = 0x00000033
    ESME_RINVDLNAME = 0x00000034
    ESME_RINVDESTFLAG = 0x00000040
    ESME_RINVSUBREP = 0x00000042
    ESME_RINVESMCLASS = 0x00000043
    ESME_RCNTSUBDL = 0x00000044
    ESME_RSUBMITFAIL = 0x00000045
    ESME_RINVSRCTON = 0x00000048
    ESME_RINVSRCNPI = 0x00000049
    ESME_RINVDSTTON = 0x00000050
    ESME_RINVDSTNPI = 0x00000051
    ESME_RINVSYSTYP = 0x00000053
    ESME_RINVREPFLAG = 0x00000054
    ESME_RINVNUMMSGS = 0x00000055
    ESME_RTHROTTLED = 0x00000058
    ESME_RINVSCHED = 0x00000061
    ESME_RINVEXPIRY = 0x00000062
    ESME_RINVDFTMSGID = 0x00000063
    ESME_RX_T_APPN = 0x00000064
    ESME_RX_P_APPN = 0x00000065
    ESME_RX_R_APPN = 0x00000066
    ESME_RQUERYFAIL = 0x00000067
    ESME_RINVOPTPARSTREAM = 0x000000C0
    ESME_ROPTPARNOTALLWD = 0x000000C1
    ESME_RINVPARLEN = 0x000000C2
    ESME_RMISSINGOPTPARAM = 0x000000C3
    ESME_RINVOPTPARAMVAL = 0x000000C4
    ESME_RDELIVERYFAILURE = 0x000000FE
    ESME_RUNKNOWNERR = 0x000000FF
    ESME_RSERTYPUNAUTH = 0x00000100
    ESME_RPROHIBITED = 0x00000101
    ESME_RSERTYPUNAVAIL = 0x00000102
    ESME_RSERTYPDENIED = 0x00000103
    ESME_RINVDCS = 0x00000104
    ESME_RINVSRCADDRSUBUNIT = 0x00000105
    ESME_RINVDSTADDRSUBUNIT = 0x00000106
    ESME_RINVBCASTFREQINT = 0x00000107
    ESME_RINVBCASTALIAS_NAME = 0x00000108
    ESME_RINVBCASTAREAFMT = 0x00000109
    ESME_RINVNUMBCAST_AREAS = 0x0000010A
    ESME_RINVBCASTCNTTYPE = 0x0000010B
    ESME_RINVBCASTMSGCLASS = 0x0000010C
    ESME_RBCASTFAIL = 0x0000010D
    ESME_RBCASTQUERYFAIL = 0x0000010E
    ESME_RBCASTCANCELFAIL = 0x0000010F
    ESME_RINVBCAST_REP = 0x00000110
    ESME_RINVBCASTSRVGRP = 0x00000111
    ESME_RINVBCASTCHANIND = 0x00000112
    ESME_RINVTLVSTREAM = 0x000000C0
    ESME_RTLVNOTALLWD = 0x000000C1
    ESME_RINVTLVLEN = 0x000000C2
    ESME_RMISSINGTLV = 0x000000C3
    ESME_RINVTLVVAL = 0x000000C4


_S = CommandStatus


def _row(status: CommandStatus, meaning: str, retry: str = "never") -> Status:
    section = f"{SMPP34} 5.1.3" if status < 0x100 else f"{SMPP50} 4.7.6"
    return Status(int(status), status.name, meaning, retry, section)


_ROWS = (
    _row(_S.ESME_ROK, "No error"),
    _row(_S.ESME_RINVMSGLEN, "Message length is invalid"),
    _row(_S.ESME_RINVCMDLEN, "Command length is invalid"),
    _row(_S.ESME_RINVCMDID, "Invalid command ID"),
    # The session is not bound, or bound for the other direction: only another bind makes the command legal.
    _row(_S.ESME_RINVBNDSTS, "Incorrect bind status for the given command", "rebind"),
    # Answers a bind: the account's sessions are used up, often by a dead one that the SMSC will notice later.
    _row(_S.ESME_RALYBND, "ESME already in bound state", "later"),
    _row(_S.ESME_RINVPRTFLG, "Invalid priority flag"),
    _row(_S.ESME_RINVREGDLVFLG, "Invalid registered delivery flag"),
    # 5.0 explains: "all or part of the MC is currently unavailable". Some peers send it for lasting faults too: attempts need a limit.
    _row(_S.ESME_RSYSERR, "System error", "later"),
    _row(_S.ESME_RINVSRCADR, "Invalid source address"),
    _row(_S.ESME_RINVDSTADR, "Invalid destination address"),
    _row(_S.ESME_RINVMSGID, "Message ID is invalid"),
    # The generic refusal of a bind, temporary causes included. Peers close the connection after it.
    _row(_S.ESME_RBINDFAIL, "Bind failed", "rebind"),
    _row(_S.ESME_RINVPASWD, "Invalid password"),
    _row(_S.ESME_RINVSYSID, "Invalid system ID"),
    # Generic failures of an operation: the message may be gone for good or only busy, the status does not say.
    _row(_S.ESME_RCANCELFAIL, "cancel_sm failed", "unknown"),
    _row(_S.ESME_RREPLACEFAIL, "replace_sm failed", "unknown"),
    _row(_S.ESME_RMSGQFUL, "Message queue full", "later"),
    _row(_S.ESME_RINVSERTYP, "Invalid service type"),
    _row(_S.ESME_RINVNUMDESTS, "Invalid number of destinations"),
    _row(_S.ESME_RINVDLNAME, "Invalid distribution list name"),
    _row(_S.ESME_RINVDESTFLAG, "Destination flag is invalid (submit_multi)"),
    _row(_S.ESME_RINVSUBREP, "Invalid submit with replace request (replace_if_present_flag is set)"),
    _row(_S.ESME_RINVESMCLASS, "Invalid esm_class field data"),
    _row(_S.ESME_RCNTSUBDL, "Cannot submit to distribution list"),
    _row(_S.ESME_RSUBMITFAIL, "submit_sm, data_sm or submit_multi failed", "unknown"),
    _row(_S.ESME_RINVSRCTON, "Invalid source address TON"),
    _row(_S.ESME_RINVSRCNPI, "Invalid source address NPI"),
    _row(_S.ESME_RINVDSTTON, "Invalid destination address TON"),
    _row(_S.ESME_RINVDSTNPI, "Invalid destination address NPI"),
    _row(_S.ESME_RINVSYSTYP, "Invalid system_type field"),
    _row(_S.ESME_RINVREPFLAG, "Invalid replace_if_present flag"),
    _row(_S.ESME_RINVNUMMSGS, "Invalid number of messages"),
    _row(_S.ESME_RTHROTTLED, "Throttling error: the ESME has exceeded its message limits", "later"),
    _row(_S.ESME_RINVSCHED, "Invalid scheduled delivery time"),
    _row(_S.ESME_RINVEXPIRY, "Invalid message validity period (expiry time)"),
    _row(_S.ESME_RINVDFTMSGID, "Predefined message ID is invalid, or the message was not found"),
    _row(_S.ESME_RX_T_APPN, "ESME receiver temporary application error", "later"),
    _row(_S.ESME_RX_P_APPN, "ESME receiver permanent application error"),
    _row(_S.ESME_RX_R_APPN, "ESME receiver rejects the message"),
    _row(_S.ESME_RQUERYFAIL, "query_sm failed", "unknown"),
    _row(_S.ESME_RINVOPTPARSTREAM, "Error in the optional part of the PDU body"),
    _row(_S.ESME_ROPTPARNOTALLWD, "Optional parameter not allowed"),
    _row(_S.ESME_RINVPARLEN, "Invalid parameter length"),
    _row(_S.ESME_RMISSINGOPTPARAM, "Expected optional parameter missing"),
    _row(_S.ESME_RINVOPTPARAMVAL, "Invalid optional parameter value"),
    # Answers transaction mode: delivery was tried and failed. Whether again makes sense stands in delivery_failure_reason.
    _row(_S.ESME_RDELIVERYFAILURE, "Delivery failure (answers transaction mode)", "unknown"),
    _row(_S.ESME_RUNKNOWNERR, "Unknown error", "unknown"),
    _row(_S.ESME_RSERTYPUNAUTH, "ESME not authorised to use the specified service_type"),
    _row(_S.ESME_RPROHIBITED, "ESME prohibited from using the specified operation"),
    # "Due to a service outage within the MC", unlike its neighbours, which are decisions.
    _row(_S.ESME_RSERTYPUNAVAIL, "Specified service_type is unavailable", "later"),
    _row(_S.ESME_RSERTYPDENIED, "Specified service_type is denied"),
    _row(_S.ESME_RINVDCS, "Invalid data coding scheme"),
    _row(_S.ESME_RINVSRCADDRSUBUNIT, "Source address subunit is invalid"),
    _row(_S.ESME_RINVDSTADDRSUBUNIT, "Destination address subunit is invalid"),
    _row(_S.ESME_RINVBCASTFREQINT, "Broadcast frequency interval is invalid"),
    _row(_S.ESME_RINVBCASTALIAS_NAME, "Broadcast alias name is invalid"),
    _row(_S.ESME_RINVBCASTAREAFMT, "Broadcast area format is invalid"),
    _row(_S.ESME_RINVNUMBCAST_AREAS, "Number of broadcast areas is invalid"),
    _row(_S.ESME_RINVBCASTCNTTYPE, "Broadcast content type is invalid"),
    _row(_S.ESME_RINVBCASTMSGCLASS, "Broadcast message class is invalid"),
    _row(_S.ESME_RBCASTFAIL, "broadcast_sm failed", "unknown"),
    _row(_S.ESME_RBCASTQUERYFAIL, "query_broadcast_sm failed", "unknown"),
    _row(_S.ESME_RBCASTCANCELFAIL, "cancel_broadcast_sm failed", "unknown"),
    _row(_S.ESME_RINVBCAST_REP, "Number of repeated broadcasts is invalid"),
    _row(_S.ESME_RINVBCASTSRVGRP, "Broadcast service group is invalid"),
    _row(_S.ESME_RINVBCASTCHANIND, "Broadcast channel indicator is invalid"),
)

STATUSES: dict[int, Status] = {row.value: row for row in _ROWS}

# By every name, the 5.0 spellings included.
BY_NAME: dict[str, Status] = {name: STATUSES[member.value] for name, member in CommandStatus.__members__.items()}
