"""Requests to send of any size, and those who read and write them: smswire, and loops over others' trees that give the same values.

The loops are what a careful user would write: names in any case, blank values left out, typed by the same function as ours.
"""

import json
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

from smswire.http.parameter import AUTHENTICATION, MESSAGE, RECIPIENT, by_name
from smswire.http.request import Recipient, SendMessage, SendRequest
from smswire.http.send_json import dump_json, load_json
from smswire.http.send_xml import dump_xml, load_xml
from smswire.http.value import format_fields, read_message

SIZES = (1, 100, 10_000)
FIELDS, WHO = by_name(MESSAGE, "xml"), by_name(AUTHENTICATION, "xml")
JSON_FIELDS, JSON_RECIPIENT = by_name(MESSAGE, "json"), by_name(RECIPIENT, "json")
WRITTEN = {row.field: (row.xml[0], row.json[0]) for row in MESSAGE}


def request(recipients: int, seed: int = 1) -> SendRequest:
    """A request of one message to so many recipients, each with an id of its own."""
    chance = random.Random(seed)
    return SendRequest(username="account", password="pass&word", messages=[SendMessage(
        sender="smswire", text="Your code is 4711. Do not pass it on <ever>, čšž.", type="longSMS", datacoding=8, nopush=True,
            appid="bench",
        recipients=[Recipient(str(chance.randrange(10**10, 10**12)), f"msg-{number:06}") for number in range(recipients)])])


def _children(parent: Any) -> Iterator[tuple[str, Any]]:
    return ((child.tag.rpartition("}")[2].lower(), child) for child in parent)


def _walked(root: Any) -> SendRequest:
    who: dict[str, str] = {}
    messages = []
    for name, child in _children(root):
        if name == "authentication":
            for field, one in _children(child):
                if field in WHO and one.text:
                    who.setdefault(WHO[field], one.text)
        elif name == "message":
            raw: dict[str, str] = {}
            recipients = []
            for field, one in _children(child):
                if field == "recipients":
                    for tag, gsm in _children(one):
                        text = (gsm.text or "").strip()
                        if tag == "gsm" and text:
                            ids = [value.strip() for key, value in gsm.items() if key.lower() == "messageid"]
                            recipients.append(Recipient(text, ids[0] if ids else ""))
                elif field in FIELDS and one.text:
                    raw.setdefault(FIELDS[field], one.text)
            messages.append(read_message(raw, recipients, lambda field: field))
    return SendRequest(messages=messages, **who)


def load_lxml(body: bytes) -> SendRequest:
    """An lxml tree, walked element by element; the parser as hardened as ours."""
    return _walked(etree.fromstring(body, etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True, collect_ids=False)))


def load_etree(body: bytes) -> SendRequest:
    """The same walk over a tree of the standard library."""
    return _walked(ElementTree.fromstring(body))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, (bool, int)):
        return str(value).lower()
    raise ValueError("another type")


def load_loads(body: bytes) -> SendRequest:
    """json.loads, its objects checked for names that come twice and for types."""
    raw = json.loads(body, object_pairs_hook=_once)
    messages = []
    for given in raw["messages"]:
        texts = {JSON_FIELDS[name]: _text(value) for name, value in given.items() if name in JSON_FIELDS}
        recipients = []
        for one in given["recipients"]:
            fields = {JSON_RECIPIENT[name]: _text(value).strip() for name, value in one.items() if name in JSON_RECIPIENT}
            if fields.get("gsm"):
                recipients.append(Recipient(**fields))
        messages.append(read_message(texts, recipients, lambda field: field))
    return SendRequest(messages=messages, **{name: _text(raw["authentication"].get(name)) for name in ("username", "password")})


def _built(given: SendRequest, make: Callable[..., Any], under: Callable[..., Any]) -> Any:
    root = make("SMS")
    who = under(root, "authentication")
    under(who, "username").text, under(who, "password").text = given.username, given.password
    for message in given.messages:
        element = under(root, "message")
        for field, text in format_fields(message):
            under(element, WRITTEN[field][0]).text = text
        recipients = under(element, "recipients")
        for one in message.recipients:
            under(recipients, "gsm", {"messageId": one.message_id} if one.message_id else {}).text = one.gsm
    return root


def dump_lxml(given: SendRequest) -> bytes:
    """A tree of lxml, written."""
    return bytes(etree.tostring(_built(given, etree.Element, etree.SubElement), encoding="utf-8"))


def dump_etree(given: SendRequest) -> bytes:
    """A tree of the standard library, written."""
    return bytes(ElementTree.tostring(_built(given, ElementTree.Element, ElementTree.SubElement), encoding="utf-8"))


def dump_dumps(given: SendRequest) -> bytes:
    """json.dumps of dictionaries."""
    return json.dumps({
        "authentication": {"username": given.username, "password": given.password},
        "messages": [{
            **{WRITTEN[field][1]: text for field, text in format_fields(message)},
            "recipients": [{"gsm": one.gsm,
            "messageId": one.message_id} if one.message_id else {"gsm": one.gsm} for one in message.recipients],
        } for message in given.messages],
    }, separators=(",", ":"), ensure_ascii=False).encode()


LOADERS: dict[str, dict[str, Callable[[bytes], SendRequest]]] = {
    "XML": {"smswire": load_xml, "lxml, element by element": load_lxml, "xml.etree": load_etree},
    "JSON": {"smswire": load_json, "json.loads and checks": load_loads},
}
DUMPERS: dict[str, dict[str, Callable[[SendRequest], bytes]]] = {
    "XML": {"smswire": dump_xml, "lxml, element by element": dump_lxml, "xml.etree": dump_etree},
    "JSON": {"smswire": dump_json, "json.dumps": dump_dumps},
}
