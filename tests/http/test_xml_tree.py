"""The XML parser: what it refuses, with a place and in words that repeat nothing of the document; what it reads; what is escaped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from smswire.http.errors import DocumentError
from smswire.http.request import MOST_OCTETS
from smswire.http.xml_tree import DEPTH, MOST_ATTRIBUTES, MOST_TAGS, escaped, in_utf8, local_name, parse


def refused(octets: bytes, **how: bool) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(octets, **how)  # type: ignore[arg-type]
    assert caught.value.status == -22 and str(caught.value).isprintable()
    return caught.value


@pytest.mark.parametrize(("octets", "path"), [
    (b"", "line 1, column 1"), (b"x", "line 1, column 1"), (b"<a>", "line 1, column 4"), (b"<a>\n</b>", "line 2, column 5"),
    (b"<a>&x;</a>", "line 1, column 7"), (b"<a>&x</a>", "line 1, column 6"), (b"<a>a & b</a>", "line 1, column 7"),
    (b"<a b=c/>", "line 1, column 6"), (b"<a b/>", "line 1, column 5"), (b"<a b='1' b='2'/>", "line 1, column 15"),
    (b"<a>\n\n\xff</a>", "line 3, column 1"), (b"<a>\n\0</a>", "line 2, column 1"), (b"<a>b\x1b</a>", "line 1, column 5"),
    (b"<a>&#0;</a>", "line 1, column 8"), (b"<a b='<'/>", "line 1, column 7"), (b"<a/>x", "line 1, column 5"),
    (b"<a", "line 1, column 3"), (b"<a><![CDATA[</a>", "line 1, column 17"), (b"<a><!-- </a>", "line 1, column 13"),
    (b"<a>]]></a>", "line 1, column 4"), (b"<?xml version='1.0'?><a>\n</b>", "line 2, column 5"), (b"<a:b/>", "line 1, column 5"),
])
def test_broken_xml_is_refused_with_its_place(octets: bytes, path: str) -> None:
    assert refused(octets).path == path


@pytest.mark.parametrize("octets", [
    b"<p>secret&secret;secret</p>", b"<p><secret></p></secret>", b"<secret></p>", b"<p secret></p>", b"<p secret='1' secret='2'/>",
    b"<p secret=secret/>", b"<secret:p/>", b"<p xmlns:secret=''/>", b"<p>&secret</p>", b"<?xml version='1.0' encoding='secret'?><p/>",
    b"<p>secret\xffsecret</p>", b"<!DOCTYPE secret><p/>", b"<p><?xml secret?></p>", b"<p/>secret", b"<p><!--secret--secret--></p>",
    b"<secret",
    b"<secret>" * 20 + b"</secret>" * 20, b"<?secret", b"secret", b"<p xmlns:xml='secret'/>", b"<p>&#secret;</p>",
    b"<p>&#x110000;secret</p>",
])
def test_what_is_told_of_broken_xml_repeats_nothing_of_it(octets: bytes) -> None:
    assert "secret" not in str(refused(octets))


@pytest.mark.parametrize("prolog", [b"", b"\n", b"<?xml version='1.0'?>", b"<!-- c -->\n<!--d-->", b"<?a b?>", b"\xef\xbb\xbf",
    b"\xef\xbb\xbf" * 2])
@pytest.mark.parametrize("kind", [
    b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>",
    b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'u'>%x;]>",
])
def test_a_document_type_is_refused_before_parsing(prolog: bytes, kind: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smswire.http.xml_tree._root", lambda *_: pytest.fail("the parser was called"))
    octets = prolog + kind + b"<a>&x;</a>"
    assert refused(octets).reason == refused(octets, recover=True).reason == "a document type is not allowed"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_in_utf_16_is_refused(codec: str) -> None:
    assert refused("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode(codec)).reason == "a document type is not allowed"


def test_octets_tags_attributes_namespaces_and_depth_are_limited() -> None:
    assert "octets" in refused(b"<a>" + b" " * MOST_OCTETS + b"</a>").reason
    assert parse(b"<a>" + b" " * MOST_OCTETS + b"</a>", most=2 * MOST_OCTETS).tag == "a"
    assert "tags" in refused(b"<a>" + b"<b/>" * MOST_TAGS + b"</a>").reason
    assert "attributes" in refused(b"<a>" + b"<b c='d' e=\"f\"/>" * (MOST_ATTRIBUTES // 2 + 1) + b"</a>").reason
    assert parse(b"<a>" + b"=" * MOST_ATTRIBUTES * 2 + b"</a>").text
    assert "namespaces" in refused(b"<a>" + b"<b xmlns='u'/>" * 1001 + b"</a>").reason
    assert parse(b"<a>" * DEPTH + b"</a>" * DEPTH).tag == "a"
    assert "deep" in refused(b"<a>" * (DEPTH + 1) + b"</a>" * (DEPTH + 1)).reason


@pytest.mark.parametrize(("octets", "text"), [
    (b"<A>x</a>", "x"), (b"<a>x</A>", "x"), (b"<a><![CDATA[<B></b>]]></A>", "<B></b>"), (b"<a><?B </b>?><!--<C></c>-->X</A\n>", "X"),
    (b"<a B='C'>&lt;B>&lt;/b></A>", "<B></b>"), ("<a>É</A>".encode(), "É"),
])
def test_v2_the_case_of_end_tags_is_mended_and_nothing_else(octets: bytes, text: str) -> None:
    root = parse(octets)
    assert (root.tag, root.text) == ("a", text) and root.get("B") in (None, "C")


def test_a_broken_document_is_recovered_if_that_is_asked() -> None:
    root = parse(b"<a><b>1</b><c>2<b>3</b>\1& x", recover=True)
    assert [str(element.tag) for element in root.iter()] == ["a", "b", "c", "b"]
    assert refused(b"", recover=True).reason == refused(b"x", recover=True).reason == "there is no element"


def test_comments_and_instructions_do_not_part_text() -> None:
    assert parse(b"<a>1<!-- -->2<?x?>3<![CDATA[4]]>&#53;</a>").text == "12345"


def test_places_hold_behind_a_declaration() -> None:
    assert in_utf8(b"\xef\xbb\xbf <?xml\nversion='1.0' encoding='x'?>\n<a/>") == b"      \n" + b" " * 28 + b"\n<a/>"


@given(st.text())
def test_what_is_escaped_is_read_back(text: str) -> None:
    try:
        octets = f'<a b="{escaped(text, attribute=True)}">{escaped(text)}</a>'.encode()
    except DocumentError as error:
        assert error.status == -23
        with pytest.raises(ValueError):
            etree.Element("a").text = text
    else:
        root = parse(octets)
        assert (root.text or "", root.get("b")) == (text, text)


@given(st.text("<>/!?-[]AbCDATA \"'=&;#\n", max_size=30))
def test_any_octets_are_a_tree_or_a_document_error(text: str) -> None:
    for octets in (text.encode(), f"<Ab>{text}</Ab>".encode()):
        for recover in (False, True):
            try:
                assert parse(octets, recover=recover).tag
            except DocumentError as error:
                assert error.status == -22


def test_local_names_have_neither_case_nor_namespace() -> None:
    assert [local_name(name) for name in ("Gsm", "{urn:A}Gsm", "{}GSM")] == ["gsm"] * 3
