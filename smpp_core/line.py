"""Layer 3 of 9: a PDU for people: one line for a log, and the repr; both survive any octets and hide passwords."""

from typing import Any

_TEXT_SHOWN = 60


def _quoted(value: str) -> str:
    """Text in quotes with everything escaped that could move a terminal's cursor or hide what follows."""
    return '"' + "".join(_shown(character) for character in value) + '"'


def _shown(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _address(pdu: Any, name: str, ton: str, npi: str) -> str:
    value = getattr(pdu, name, None)
    if value is None:
        return "?"
    return f"{_quoted(value)[1:-1] or '-'}({getattr(pdu, ton)}/{getattr(pdu, npi)})"


def line_of(pdu: Any) -> str:
    """One line: command, sequence, status, the fields that tell PDUs apart, errors."""
    parts = [pdu.command if pdu.command != "unknown" else f"unknown 0x{pdu.command_id:08X}", f"seq={pdu.sequence_number}"]
    if pdu.is_response or pdu.command_status:
        parts.append(pdu.status.name)
    fields = pdu.fields()
    if "system_id" in fields and fields["system_id"] is not None:
        parts.append(f"system_id={_quoted(fields['system_id'])}")
    if fields.get("message_id") is not None:
        parts.append(f"id={_quoted(fields['message_id'])}")
    if "source_addr" in fields:
        parts.append(_address(pdu, "source_addr", "source_addr_ton", "source_addr_npi"))
    if "destination_addr" in fields:
        parts.append("> " + _address(pdu, "destination_addr", "dest_addr_ton", "dest_addr_npi"))
    if fields.get("dest_addresses") is not None:
        parts.append(f"> {len(fields['dest_addresses'])} destinations")
    if fields.get("data_coding") is not None:
        parts.append(f"dc={fields['data_coding']}")
    if fields.get("esm_class"):
        parts.append(f"esm=0x{fields['esm_class']:02X}")
    if fields.get("short_message"):
        text = fields["short_message"]
        parts.append(_quoted(text[:_TEXT_SHOWN].decode("latin-1")) + ("…" if len(text) > _TEXT_SHOWN else ""))
    if pdu.tlvs:
        shown = [tlv.name or f"0x{tlv.tag:04X}" for tlv in pdu.tlvs[:8]]
        parts.append("tlvs=" + ",".join(shown) + (f"+{len(pdu.tlvs) - 8}" if len(pdu.tlvs) > 8 else ""))
    errors = [finding.code for finding in pdu.findings if finding.severity == "error"]
    if errors:
        parts.append("!" + ",".join(errors))
    return " ".join(parts)


def repr_of(pdu: Any) -> str:
    """The call that builds the PDU, with fields at their default left out; `octets=` where there is no such call."""
    if pdu.row is None or any(finding.severity == "error" for finding in pdu.findings):
        return f"<{type(pdu).__name__} seq={pdu.sequence_number} octets={bytes(pdu)[:128].hex()}{'…' if len(pdu) > 128 else ''}>"
    parts = [f"sequence_number={pdu.sequence_number}"]
    if pdu.command_status:
        parts.append(f"command_status=0x{pdu.command_status:X}")
    for field in pdu.row.fields:
        value = getattr(pdu, field.name)
        if field.name == "password":
            parts.append("password='***'")
        elif value not in ("", b"", (), field.default) and not field.counts:
            parts.append(f"{field.name}={value!r}")
    if pdu.tlvs:
        parts.append(f"tlvs=[{', '.join(f'(0x{tlv.tag:04X}, {tlv.raw!r})' for tlv in pdu.tlvs)}]")
    return f"{type(pdu).__name__}({', '.join(parts)})"
