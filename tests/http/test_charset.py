"""Charsets (V33): every name is a codec of the web that any octets can be given to, and a name that is not on the list is none."""

from __future__ import annotations

import codecs
import encodings.aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smswire.http.charset import CHARSETS, codec_of, holds_ascii

CODECS = sorted(set(CHARSETS.values()))
# Names of the standard that stand for what users of their encodings send: (label, octets, text).
SAMPLES = [
    ("utf-8", b"\xc4\x8d", "č"), ("UTF8", b"\xf0\x9f\x98\x80", "😀"), (" Windows-1250 ", b"\xe8\x9a", "čš"), ("cp1251", b"\xcf\xf0", "Пр"),
    ("iso-8859-1", b"\x80\xe9", "€é"), ("latin1", b"\x99", "™"), ("us-ascii", b"A\x92", "A’"), ("iso-8859-2", b"\xe8\xb9", "čš"),
    ("latin5", b"\xfe\x80", "ş€"), ("iso-8859-15", b"\xa4", "€"), ("greek", b"\xe1", "α"), ("windows-1253", b"\xe1", "α"),
    ("cyrillic", b"\xbf", "П"), ("koi8-r", b"\xf0", "П"), ("koi8-u", b"\xa4", "є"), ("ibm866", b"\x8f", "П"), ("macintosh", b"\xdb", "€"),
    ("windows-1255", b"\xf9", "ש"), ("logical", b"\xf9", "ש"), ("windows-1256", b"\xd3", "س"), ("arabic", b"\xd3", "س"),
    ("windows-1257", b"\xe8", "č"), ("iso-8859-13", b"\xe8", "č"), ("iso-8859-4", b"\xe8", "č"), ("iso-8859-10", b"\xe8", "č"),
    ("iso-8859-3", b"\xe6", "ĉ"), ("iso-8859-14", b"\xa1", "Ḃ"), ("iso-8859-16", b"\xaa", "Ș"), ("windows-1258", b"\xfe", "₫"),
    ("windows-874", b"\xa1\x80", "ก€"), ("tis-620", b"\xa1", "ก"), ("gb2312", b"\xc4\xe3", "你"), ("gb18030", b"\x94\x39\xda\x33", "💩"),
    ("big5", b"\xa7\x41", "你"), ("euc-jp", b"\xa4\xa2", "あ"), ("shift_jis", b"\x82\xa0\x87\x40", "あ①"),
    ("iso-2022-jp", b"\x1b$B$\"\x1b(J~\x1b(I1\x1b(B", "あ‾ｱ"), ("euc-kr", b"\xb0\xa1\x81\x41", "가갂"), ("utf-16", b"H\0i\0", "Hi"),
    ("utf-16be", b"\x01\x61", "š"), ("unicode", b"\x61\x01", "š"),
]


@pytest.mark.parametrize("label, octets, text", SAMPLES, ids=[label.strip() for label, _, _ in SAMPLES])
def test_v33_each_charset_reads_what_its_users_send(label: str, octets: bytes, text: str) -> None:
    codec = codec_of(label)
    assert codec is not None
    assert octets.decode(codec) == text


def test_v33_every_codec_has_a_sample_and_is_known_to_python() -> None:
    assert {codec_of(label) for label, _, _ in SAMPLES} == set(CODECS)
    for label, codec in CHARSETS.items():
        assert label == label.lower().strip()
        assert codecs.lookup(codec)


@given(st.sampled_from(CODECS), st.binary(max_size=40))
def test_any_octets_are_text_or_a_unicode_error(codec: str, octets: bytes) -> None:
    try:
        text = octets.decode(codec)
    except UnicodeDecodeError:
        return
    text.encode("utf-8")


@given(st.sampled_from(CODECS), st.binary(max_size=20).map(lambda octets: bytes(octet & 0x7F for octet in octets).replace(b"\x1b", b"?")))
def test_ascii_stands_for_itself_wherever_it_is_said_to(codec: str, octets: bytes) -> None:
    if holds_ascii(codec):
        assert octets.decode(codec) == octets.decode("ascii")
    else:
        assert "a".encode(codec) in (b"a\0", b"\0a")


# Codecs of Python that are no charset, that run for long, or that the standard refuses: those whose name is no label either.
ODD = [
    "utf-7", "unicode_1_1_utf_7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "hex", "base64",
    "bz2", "zip", "zlib", "rot13", "quopri", "uu", "mbcs", "oem", "utf-32", "utf-8-sig", "hz-gb-2312", "iso-2022-kr", "x-user-defined",
    "replacement", "cp037", "latin_1", "", "utf\0-8", "ＵＴＦ-8",
]


@pytest.mark.parametrize("name", ODD)
def test_v33_what_is_no_label_of_the_standard_is_unknown(name: str) -> None:
    assert codec_of(name) is None


def test_v33_none_of_pythons_own_names_slips_in() -> None:
    known = {alias for alias in encodings.aliases.aliases if alias in CHARSETS}
    assert {encodings.aliases.aliases[alias] for alias in known}.isdisjoint({"utf_7", "rot_13", "hex_codec", "zlib_codec", "mbcs"})


@pytest.mark.parametrize("octet", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_octets_that_windows_1252_leaves_undefined_are_refused(octet: int) -> None:
    with pytest.raises(UnicodeDecodeError):
        bytes([octet]).decode(codec_of("latin1") or "")
