"""Layer 7 of 9: the parameters of a message, as rows: what each is called in XML, JSON and plain (vendor tables 1, 4, 7; decision V2)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import Struct

__all__ = ["AUTHENTICATION", "ENCODING", "MESSAGE", "OUTPUT", "RECIPIENT", "Parameter", "by_name"]


class Parameter(Struct, frozen=True):
    """One parameter. field: the attribute of SendRequest, SendMessage or Recipient. xml, json, plain: its name as it is written, the first
    of each; all names are read, those of XML and plain in any case, those of JSON as they stand. plain is () where plain has none.
    """

    field: str
    xml: tuple[str, ...]
    json: tuple[str, ...]
    plain: tuple[str, ...]


def _row(field: str, xml: str, json: str, plain: str) -> Parameter:
    return Parameter(field, tuple(xml.split()), tuple(json.split()), tuple(plain.split()))


AUTHENTICATION: Final = (
    _row("username", "username user", "username user", "user username"),
    _row("password", "password pass", "password pass", "password pass"),
)

MESSAGE: Final = (
    _row("sender", "sender", "sender Sender", "sender"),
    _row("text", "text", "text Text", "SMSText text"),
    _row("flash", "flash IsFlash", "flash Flash IsFlash isFlash", "IsFlash flash"),
    _row("type", "type", "type Type", "type"),
    _row("wapurl", "wapurl bookmark", "wapurl Wapurl WapUrl", "Bookmark wapurl"),
    _row("binary", "binary", "binary Binary", "binary"),
    _row("datacoding", "datacoding", "datacoding DataCoding dataCoding Datacoding", "DataCoding"),
    _row("esmclass", "esmclass", "Esmclass esmclass EsmClass", "Esmclass"),
    _row("src_ton", "srcton", "Srcton SrcTon srcton", "SrcTon"),
    _row("src_npi", "srcnpi", "Srcnpi SrcNpi srcnpi", "SrcNpi"),
    _row("dest_ton", "destton", "Destton DestTon destton", "DestTon"),
    _row("dest_npi", "destnpi", "Destnpi DestNpi destnpi", "DestNpi"),
    _row("send_date_time", "sendDateTime", "sendDateTime SendDateTime", "sendDateTime"),
    _row("validity_period", "ValidityPeriod", "ValidityPeriod validityPeriod validityperiod", "ValidityPeriod"),
    _row("appid", "appid", "appid Appid AppId", "appid"),
    _row("push_url", "pushurl drPushUrl", "drPushUrl pushurl Pushurl", "pushurl drPushUrl"),
    _row("nopush", "nopush", "nopush Nopush", "nopush"),
    _row("campaign_id", "CampaignId", "CampaignId campaignId", "CampaignId"),
)

RECIPIENT: Final = (
    _row("gsm", "gsm", "gsm GSM Gsm", "GSM"),
    _row("message_id", "messageId", "messageId messageid messageID MessageId", "messageid"),
)

# Parameters of plain that are no part of a message: the charset of its values (table 7), and the form of the answer (ours, decision V9).
ENCODING: Final = "encoding"
OUTPUT: Final = "output"


def by_name(rows: tuple[Parameter, ...], form: str) -> MappingProxyType[str, str]:
    """Names to fields. form: "xml" or "plain", names in lower case; "json", as they stand."""
    found = {name if form == "json" else name.lower(): row.field for row in rows for name in getattr(row, form)}
    return MappingProxyType(found)
