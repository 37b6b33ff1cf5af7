"""Layer 7 of 9: a request to send as XML (vendor 2.2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from lxml import etree

from .body import document
from .errors import DocumentError
from .parameter import AUTHENTICATION, MESSAGE, RECIPIENT, by_name
from .request import MOST_RECIPIENTS, Fault, Recipient, SendMessage, SendRequest
from .value import ValueReader, format_fields
from .xml_tree import check_tags, escaped, in_utf8, local_name, parse_utf8

__all__ = ["dump_xml", "load_xml"]

_AUTHENTICATION: Final = by_name(AUTHENTICATION, "xml")
_WHO: Final[dict[Any, str]] = dict(_AUTHENTICATION)
_RECIPIENT: Final = by_name(RECIPIENT, "xml")
_FIELDS: Final = frozenset(row.field for row in MESSAGE)
# Names of elements to what they mean: a field of the message, or themselves.
_ELEMENTS: Final = {**by_name(MESSAGE, "xml"), **{name: name for name in ("authentication", "message", "recipients", "gsm")}}
# Tags as they mostly stand, so that those need not be looked at; others are added while a document is read.
_TAGS: Final[dict[Any, str]] = {
    **{row.xml[0]: row.field for row in MESSAGE}, **{name: name for name in ("authentication", "message", "recipients", "gsm")},
}
_MOST_NAMES: Final = 1_000
# Below that many octets, or children of the root, a document is read as fast without what makes large ones faster.
_SMALL: Final = 1_500
_FEW: Final = 50
_COPY: Final[Callable[[SendMessage], SendMessage]] = getattr(SendMessage, "__copy__")  # noqa: B009 - half of what copy.copy takes
_WRITTEN: Final = {row.field: row.xml[0] for row in (*AUTHENTICATION, *MESSAGE)}

# Messages and recipients as everybody writes them. Before the document is parsed each "<" between <message> and its end becomes a mark
# that stands nowhere else, or each between <recipients> and its end where the message is written otherwise: they are one text then, and no
# element of the tree is made for what is in them. What is hidden is whole elements, and a document without "<!" and "<?" has neither CDATA
# nor comments, so that the document is as well formed, or as broken at the same place, as before.
_MARK: Final = "\x7f"
_MARK_OCTET: Final = _MARK.encode()
_MARK_GSM: Final = f"{_MARK}gsm"
_RECIPIENTS: Final = (
    rb'<recipients>%b(?:[ \t\r\n]*+<gsm(?: messageId="[!#-%%\'-;=-\\\^-~]*+")?+>[!-%%\'-;=?-~]*+</gsm>)++[ \t\r\n]*+%b</recipients>')
_PLAIN: Final = re.compile(_RECIPIENTS % (b"(", b")"))
_LEAF: Final = rb"<([A-FH-Za-fh-z][A-Za-z]*+)>[^<&]*+(?:&(?!#)[^<&]*+)*+</\2>"  # no gsm: those that stand alone keep their place
_PLAIN_MESSAGE: Final = re.compile(rb"<message>((?:[ \t\r\n]*+(?:%b|%b))++[ \t\r\n]*+)</message>" % (_RECIPIENTS % (b"", b""), _LEAF))
_MARK_REFERENCE: Final = re.compile(rb"&#(?:0*127|[xX]0*7[fF]);")
_MARK_RECIPIENTS: Final = f"{_MARK}recipients>"
_MARK_TEXT: Final = f"{_MARK}text>"
_MARK_TEXT_END: Final = f"{_MARK}/text>"
_MARK_END: Final = f"{_MARK}/recipients>"
_GSM: Final = re.compile(f'{_MARK_GSM}(?: messageId="([^"]*)")?>([^{_MARK}]+)')
_DEEP: Final = etree.XPath("boolean(/*/*/*/*)")
_ODD: Final = re.compile(r"[^ !#-%'-;=?-~]")


def load_xml(body: bytes, content_type: str = "") -> SendRequest:
    """Read a request: bare, behind `XML=`, or in the field XML of a form (V1).

    Names are read in any case and namespace (V2); of a name twice the first that is not blank counts, but <recipients> and <gsm> may come
    several times (V6), also <gsm> right in <message>; what is unknown, and text between elements, is ignored (V3). A value that holds
    elements is the fault of its message (-23).
    Raises DocumentError (-22) for another root than <SMS>, over MOST_RECIPIENTS messages or recipients, and for what `xml_tree.parse`
    refuses.
    """
    octets = in_utf8(*document(body, content_type, "XML", b"<"))
    check_tags(octets)
    hidden = _hidden(octets)
    return _Reader(parse_utf8(hidden or octets), bool(hidden)).request()


def dump_xml(request: SendRequest) -> bytes:
    """Write a request as the document prints it, without `XML=`, in UTF-8.

    Raises DocumentError (-23) for characters that XML cannot hold, and for a message with a fault.
    """
    written = ["<SMS><authentication>", _element("username", request.username), _element("password", request.password), "</authentication>"]
    for number, message in enumerate(request.messages, 1):
        if message.fault:
            raise DocumentError("the message has a fault", path=f"SMS/message[{number}]", status=-23)
        written.append("<message>")
        written += [_element(field, text) for field, text in format_fields(message)]
        written.append("<recipients>")
        written += _recipients(message.recipients)
        written.append("</recipients></message>")
    written.append("</SMS>")
    return "".join(written).encode()


def _element(field: str, text: str) -> str:
    name = _WRITTEN[field]
    return f"<{name}>{escaped(text)}</{name}>"


def _recipients(recipients: list[Recipient]) -> list[str]:
    # One look at all of them: those that need no escapes are the rule, and escaping costs more than all the rest.
    if _ODD.search("".join([text for one in recipients for text in (one.gsm, one.message_id)])):
        recipients = [Recipient(escaped(one.gsm), escaped(one.message_id, attribute=True)) for one in recipients]
    # As the rows of parameter.RECIPIENT name them first.
    return [
        f'<gsm messageId="{one.message_id}">{one.gsm}</gsm>' if one.message_id else f"<gsm>{one.gsm}</gsm>" for one in recipients
    ]


def _hidden(octets: bytes) -> bytes:
    """The document with its plain messages and recipients made text; b"" if it has none, or where that cannot be told."""
    if len(octets) < _SMALL:
        return b""
    if octets.count(b"<message>") < _FEW:  # few messages are read as fast as elements
        pieces = _PLAIN.split(octets)
        if len(pieces) == 1 or not _is_simple(b"\0".join(pieces[::2])):
            return b""
        return _with_marks(pieces)
    if not _is_simple(octets):
        return b""
    pieces = _PLAIN_MESSAGE.split(octets)
    pieces[1::3] = [b"<message>%b</message>" % content.replace(b"<", _MARK_OCTET) for content in pieces[1::3]]
    pieces[2::3] = [b""] * (len(pieces) // 3)
    # Recipients of messages that are not plain.
    pieces[::3] = [_with_marks(_PLAIN.split(piece)) if b"<recipients>" in piece else piece for piece in pieces[::3]]
    hidden = b"".join(pieces)
    return hidden if _MARK_OCTET in hidden else b""


def _is_simple(octets: bytes) -> bool:
    """True if nothing in it can be taken for a mark, for an element or for its end."""
    if b"<!" in octets or b"<?" in octets or _MARK_OCTET in octets:
        return False
    return b"&#" not in octets or not _MARK_REFERENCE.search(octets)


def _with_marks(pieces: list[bytes]) -> bytes:
    """The pieces as one; each second is what stands in <recipients>."""
    pieces[1::2] = [b"<recipients>%b</recipients>" % inner.replace(b"<", _MARK_OCTET) for inner in pieces[1::2]]
    return b"".join(pieces)


class _Reader:
    """Reads one tree. hidden: recipients and messages in it are text, with marks."""

    def __init__(self, root: etree._Element, hidden: bool) -> None:
        self._root, self._hidden = root, hidden
        # Whether elements stand in those of a message; where none do, none is asked.
        self._deep = len(root) < _FEW or bool(_DEEP(root))
        # The recipients that may come, and the elements that may stand for some, blank ones too.
        self._left, self._elements = MOST_RECIPIENTS, 2 * MOST_RECIPIENTS
        # Tags as they stand to what they mean, so that each is looked at once.
        self._names = _TAGS.copy()
        self._fault: Fault | None = None
        self._values = ValueReader()
        # Elements of messages that were hidden, as `sender>Infobip`, to field and value.
        self._leaves: dict[str, tuple[str, str]] = {}
        # Messages by what makes them but for text and recipients.
        self._models: dict[str, SendMessage] = {}

    def request(self) -> SendRequest:
        if local_name(self._root.tag) != "sms":
            raise DocumentError("the root of the document is not SMS")
        if len(self._root) > MOST_RECIPIENTS + _MOST_NAMES:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} messages")
        who: dict[str, str] = {}
        messages: list[SendMessage] = []
        names = self._names
        for child in self._root:
            name = names.get(child.tag) or self._name(child)
            if name == "message":
                if len(messages) == MOST_RECIPIENTS:
                    raise DocumentError(f"there are over {MOST_RECIPIENTS:,} messages")
                messages.append(self._message(child, len(messages) + 1))
            elif name == "authentication":
                self._who(child, who)
        return SendRequest(messages=messages, **who)

    def _who(self, authentication: etree._Element, who: dict[str, str]) -> None:
        if len(authentication) > _MOST_NAMES:
            raise DocumentError(f"there are over {_MOST_NAMES:,} elements", path="SMS/authentication")
        for child in authentication:
            field = _WHO.get(child.tag) or _AUTHENTICATION.get(local_name(child.tag), "")
            text = child.text
            if field and len(child):
                raise DocumentError("holds elements", path=f"SMS/authentication/{_WRITTEN[field]}")
            if field and text and not text.isspace():
                who.setdefault(field, text)

    def _message(self, message: etree._Element, number: int) -> SendMessage:
        if self._hidden and (text := message.text) and _MARK in text:
            return self._plain(text, number)
        raw: dict[str, str] = {}
        recipients: list[Recipient] = []
        names, deep = self._names, self._deep
        self._fault = None
        for child in message:
            field = names.get(child.tag) or self._name(child)
            text = child.text
            if field in _FIELDS:
                if deep and len(child):
                    self._fault = self._fault or Fault(-23, _path(number, field), "holds elements")
                elif text and field not in raw and not text.isspace():
                    raw[field] = text
            elif field == "recipients":
                if self._hidden and text and _MARK in text:
                    self._check(1 + text.count(_MARK_GSM))
                    recipients += [Recipient(gsm, message_id) for message_id, gsm in _GSM.findall(text)]
                else:
                    self._check(1)
                    for gsm in child:
                        self._gsm(gsm, number, recipients)
            elif field == "gsm":
                self._gsm(child, number, recipients)
        return self._made(raw, recipients, number)

    def _plain(self, text: str, number: int) -> SendMessage:
        """A message that was hidden."""
        whole = text
        recipients: list[Recipient] = []
        self._fault = None
        if _MARK_RECIPIENTS in text:
            text, *parts = text.split(_MARK_RECIPIENTS)
            for part in parts:
                inner, _, rest = part.partition(_MARK_END)
                self._check(1 + inner.count(_MARK_GSM))
                recipients += [Recipient(gsm, message_id) for message_id, gsm in _GSM.findall(inner)]
                text += rest
        # Messages of one request mostly differ in their text alone.
        text, _, rest = text.partition(_MARK_TEXT)
        value, _, rest = rest.partition(_MARK_TEXT_END)
        text += rest
        model = self._models.get(text)
        if model is None:
            raw = self._raw(text)
            if "text" in raw:
                return self._made(self._raw(whole), recipients, number)     # two texts: their order counts
            if value and not value.isspace():
                raw["text"] = value
            message = self._made(raw, recipients, number)
            self._models[text] = message
            return message
        self._count(recipients)
        message = _COPY(model)
        message.recipients = recipients
        message.text = value if value and not value.isspace() else None
        if model.fault is not None:
            _, _, field = model.fault.path.rpartition("/")
            message.fault = Fault(model.fault.status, f"SMS/message[{number}]/{field}", model.fault.reason)
        return message

    def _raw(self, text: str) -> dict[str, str]:
        """The fields of a message that was hidden."""
        raw: dict[str, str] = {}
        leaves = self._leaves
        for leaf in text.split(_MARK):
            found = leaves.get(leaf)
            if found is None:
                tag, _, value = leaf.partition(">")  # an end tag has a slash, and is none of the names
                field = "" if not value or value.isspace() else _ELEMENTS.get(tag.lower(), "")
                found = leaves[leaf] = (field if field in _FIELDS else "", value)
            field, value = found
            if field and field not in raw:
                raw[field] = value
        return raw

    def _count(self, recipients: list[Recipient]) -> None:
        self._left -= len(recipients)
        if self._left < 0:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} recipients")

    def _made(self, raw: dict[str, str], recipients: list[Recipient], number: int) -> SendMessage:
        self._count(recipients)
        return self._values.message(raw, recipients, partial(_path, number), self._fault)

    def _gsm(self, gsm: etree._Element, number: int, recipients: list[Recipient]) -> None:
        """Add the recipient of one element, if it is one and not blank."""
        self._check(1)
        if self._name(gsm) != "gsm":
            return
        if len(gsm):
            self._fault = self._fault or Fault(-23, f"{_path(number, 'recipients')}/gsm", "holds elements")
            return
        text = (gsm.text or "").strip()
        if text:
            ids = [value.strip() for name, value in gsm.items() if _RECIPIENT.get(local_name(name)) == "message_id"]
            recipients.append(Recipient(text, next(filter(None, ids), "")))

    def _check(self, elements: int) -> None:
        """Count elements that may stand for recipients, before anything is made of them."""
        self._elements -= elements
        if self._elements < 0:
            raise DocumentError(f"there are over {MOST_RECIPIENTS:,} recipients, blank ones among them")

    def _name(self, element: etree._Element) -> str:
        """What an element means by its name, "?" for nothing."""
        tag = element.tag
        found = self._names.get(tag)
        if found is None:
            found = self._names[tag] = _ELEMENTS.get(local_name(tag), "?")
            if len(self._names) > _MOST_NAMES:
                raise DocumentError(f"the elements have over {_MOST_NAMES:,} names")
        return found


def _path(number: int, field: str) -> str:
    return f"SMS/message[{number}]/{_WRITTEN.get(field, field)}"
