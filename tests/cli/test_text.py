"""`smswire text` says how a text would be sent, what it costs and why; nothing of it acts on a terminal; what is wrong is one sentence."""

import json
import os
import subprocess
import sys
import time

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core import udh
from smswire.cli.text import MAX_INPUT, MAX_ROWS, text


def run(*arguments: str, octets: bytes = b"", code: int = 0) -> str:
    done = CliRunner().invoke(text, list(arguments), input=octets, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def record(*arguments: str, octets: bytes = b"") -> dict:
    printed = run("--format", "json", *arguments, octets=octets)
    assert printed.count("\n") == 1
    return json.loads(printed)


def labels(page: str) -> dict[str, str]:
    """The first line of each label."""
    found: dict[str, str] = {}
    for line in page.splitlines():
        if line[:14].strip():
            found.setdefault(line[:14].strip(), line[14:])
    return found


@given(st.text(max_size=400))
def test_any_text_is_explained_or_refused_in_a_sentence_and_no_control_character_is_printed(given_text):
    octets = given_text.encode("utf-8", "surrogatepass")
    done = CliRunner().invoke(text, ["-"], input=octets)
    if done.exit_code:
        assert done.exit_code == 2 and done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1 and not done.stdout
        assert any("\ud800" <= char <= "\udfff" for char in given_text) or given_text[0] in "\ufffe"
    printed = done.stdout + done.stderr
    assert all(char.isprintable() or char == "\n" for char in printed)
    assert done.exit_code or set(labels(done.stdout)) >= {"encoding", "because", "length", "segments", "1"}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\ufffe\r\n"), max_size=300), st.booleans())
def test_the_json_object_says_what_the_pdus_carry(given_text, latin1):
    found = record("-", "--pdus", "--to", "385951111111", *(["--latin1"] if latin1 else []), octets=given_text.encode())
    pdus = [smpp.decode(bytes.fromhex(pdu)) for pdu in found["pdus"]]
    assert found["text"] == "".join(part["text"] for part in found["parts"]) == given_text
    assert "".join(smpp.decode_text(pdu).text or "" for pdu in pdus) == given_text
    assert [pdu.short_message.hex() for pdu in pdus] == [part["hex"] for part in found["parts"]]
    assert len(pdus) == found["segments"] and sum(part["octets"] for part in found["parts"]) == found["octets"]
    assert {pdu.data_coding for pdu in pdus} == {found["data_coding"]}
    assert [pdu.sequence_number for pdu in pdus] == list(range(1, len(pdus) + 1))
    for row in (*found["forced_by"], *found["costs_two"]):
        assert given_text[row["index"]] == row["char"] and row["code_point"] == f"U+{ord(row['char']):04X}" and row["name"]
    assert (found["encoding"] == "gsm7") == (not found["forced_by"])


def test_a_plain_text():
    assert run("Meet", "me", "[here]").splitlines() == [
        "encoding      GSM 7-bit, data_coding 0",
        "because       every character is in the GSM 7-bit alphabet",
        "length        14 characters, 16 septets, 16 octets",
        "segments      1, of at most 160 septets; 144 septets left",
        '1               16  "Meet me [here]"',
        'costs two     "["  U+005B LEFT SQUARE BRACKET, at 8',
        '              "]"  U+005D RIGHT SQUARE BRACKET, at 13',
    ]


def test_a_text_that_needs_ucs2_names_the_characters_and_a_cheaper_spelling():
    page = run("Žene" + " šume" * 15)
    found = labels(page)
    assert found["encoding"] == "UCS-2, data_coding 8"
    assert found["because"] == "16 characters are not in the GSM 7-bit alphabet: U+017D at index 0, U+0161 at index 5"
    assert found["segments"] == "2, of at most 67 UTF-16 units; 55 UTF-16 units left in the last"
    assert found["header"] == "6 octets in each"
    assert found["forces UCS-2"] == '"Ž"  U+017D LATIN CAPITAL LETTER Z WITH CARON, at 0; "Z" could stand for it'
    assert '"š"  U+0161 LATIN SMALL LETTER S WITH CARON, at 5, 10, 15, 20, 25, 30 and 9 more; "s" could stand for it' in page
    assert found["proposal"].startswith('"Zene sume')
    assert "takes 1 segment in GSM 7-bit, and saves 1 segment; --transliterate explains it" in page


def test_the_proposal_is_explained_only_when_that_is_asked_for():
    found = labels(run("--transliterate", "Žene „x”"))
    assert found["spelling"] == "another one is explained: 3 changes" and found["1"].strip() == '8  "Zene \\"x\\""'
    assert labels(run("--transliterate", "plain"))["spelling"] == "there is no other one to propose"
    assert labels(run("Привет"))["proposal"] == "none: not every character has another spelling"
    found = record("--transliterate", "Žene")
    assert (found["text"], found["original"], found["changes"]) == ("Zene", "Žene", [{"index": 0, "from": "Ž", "to": "Z"}])
    found = record("Žene")
    assert found["proposal"] == {"text": "Zene", "segments": 1, "saved": 0, "changes": [{"index": 0, "from": "Ž", "to": "Z"}]}
    assert found["forced_by"][0]["proposal"] == "Z" and record("a")["proposal"] is None


def test_the_options_reach_the_composer():
    assert labels(run("--national", "tr", "Işık"))["encoding"] == "GSM 7-bit with the Turkish single shift table, data_coding 0"
    assert record("--national", "tr,2", "--national", "pt", "Işık")["single"] == 1
    assert record("--latin1", "á" * 100)["encoding"] == "latin1"
    assert record("--flash", "a")["data_coding"] == 240 and record("--flash", "--profile", "standard", "a")["data_coding"] == 16
    assert record("--encoding", "ucs2", "a")["reason"] == "UCS-2 was asked for"
    assert record("--concatenation", "udh16", "a" * 161)["capacity"] == 152
    found = record("--concatenation", "payload", "a" * 400)
    assert (found["segments"], len(found["parts"])) == (3, 1)
    assert labels(run("--concatenation", "payload", "a" * 400))["segments"].startswith("3, made by the peer, of at most 153 septets; 59")


def test_a_profile_may_be_a_file(tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text('base = "standard"\ndefault_alphabet = "latin1"\n')
    assert record("--profile", str(file), "á" * 140)["data_coding"] == 0


def test_pdus_are_one_a_line_and_can_be_decoded():
    lines = run("--pdus", "--from", "Infobip", "--to", "+385951111111", "--reference", "300", "--concatenation", "udh16", "x" * 200).split()
    pdus = [smpp.decode(bytes.fromhex(line)) for line in lines]
    assert [(pdu.source_addr, pdu.source_addr_ton, pdu.destination_addr) for pdu in pdus] == [("Infobip", 5, "385951111111")] * 2
    assert [smpp.decode_text(pdu).udh.concat for pdu in pdus] == [udh.Concat(300, 2, n, 16) for n in (1, 2)]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"hi\n", "hi"), (b"hi\r\n", "hi"), (b"hi\n\n", "hi\n"), (b"\xef\xbb\xbfhi", "hi"), (b"", ""), (b"a\0b", "a\0b"), (b"a\r", "a\r"),
    ],
)
def test_text_is_read_from_standard_input_or_a_file_without_its_last_line_end(octets, expected, tmp_path):
    assert record("-", octets=octets)["text"] == record(octets=octets)["text"] == expected
    file = tmp_path / "letter.txt"
    file.write_bytes(octets)
    assert record("--from-file", str(file))["text"] == expected


def test_what_is_invisible_or_acts_on_a_terminal_is_escaped_and_named():
    page = run("-", octets="a\x1b[31m\u202e\x85\0\u0301".encode())
    assert '"a\\x1b[31m\\u202e\\x85\\x00\u0301"' in page
    assert '"\\x1b"  U+001B control character, at 1' in page and '"\\u202e"  U+202E RIGHT-TO-LEFT OVERRIDE, at 6' in page
    assert '"\u25cc\u0301"  U+0301 COMBINING ACUTE ACCENT, at 9; it could be left out' in page
    assert '"\\x85"  U+0085 control character, at 7; "\\n" could stand for it' in page


def test_a_long_list_of_characters_is_cut_and_json_has_all():
    many = "".join(chr(0x4E00 + number) for number in range(50))
    page = run(many)
    assert f"and {50 - MAX_ROWS} other characters; --format json lists all" in page and page.count("CJK UNIFIED") == MAX_ROWS
    assert len(record(many)["forced_by"]) == 50


@pytest.mark.parametrize(
    ("arguments", "octets", "sentence"),
    [
        (["--pdus", "a"], b"", "--pdus needs --to"),
        (["--to", "385951111111", "a"], b"", "--from and --to are for --pdus"),
        (["--from-file", "x", "a"], b"", "give TEXT or --from-file, not both"),
        (["--pdus", "--to", "12", "a"], b"", "--to: to has 2 digits, not 5 to 15"),
        (["--pdus", "--to", "385951111111", "--from", "twelve chars", "a"], b"",
         "--from: alphanumeric sender has 12 characters, the limit is 11"),
        (["--national", "xx", "a"], b"", "--national: 'xx' is no language with GSM tables; there are tr, es"),
        (["--reference", "256", "a" * 200], b"", "--reference: reference 256 does not fit in 8 bits"),
        (["--encoding", "gsm7", "ž"], b"", "'\\u017e' (U+017E) at index 0 is not in GSM 7-bit"),
        (["--profile", "nope", "a"], b"", "'nope' is neither vendor nor standard nor a file"),
        (["-"], b"ab\xff", "standard input is no UTF-8: octet 0xFF at 2"),
        (["-"], b"\xef\xbb\xbfab\xff", "standard input is no UTF-8: octet 0xFF at 5"),
        (["-"], b"a" * (MAX_INPUT + 1), "standard input has more than 16 MiB, which no message holds"),
        (["a\udcff"], b"", "the text has the octet 0xFF at index 1, which is no UTF-8"),
        (["a\ud800"], b"", "U+D800 at index 1 is half of a surrogate pair, which no encoding holds"),
        (["--wrong"], b"", "No such option"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, octets, sentence):
    assert sentence in run(*arguments, octets=octets, code=2)


def test_a_text_of_a_mebibyte_is_refused_quickly_with_the_segments_that_it_would_take():
    began = time.perf_counter()
    assert "the text takes 6854 segments in GSM 7-bit, the limit is 255" in run("-", octets=b"a" * 2**20, code=2)
    assert "the text takes 7826 segments in UCS-2, the limit is 255" in run("--transliterate", "-", octets="ж".encode() * 2**19, code=2)
    assert time.perf_counter() - began < 5


def test_without_a_text_at_a_terminal_it_says_what_is_missing(monkeypatch):
    from types import SimpleNamespace

    import smswire.cli.text as module

    monkeypatch.setattr(module.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    with pytest.raises(click.UsageError, match="give a text, --from-file, or - for standard input"):
        module._read((), None)
    monkeypatch.setattr(module.sys, "stdin", None)
    with pytest.raises(click.ClickException, match="standard input is closed"):
        module._read(("-",), None)


def test_letters_that_standard_output_lacks_are_written_as_escapes():
    code = "from smswire.cli.text import text; text(['ž'])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert '"\\u017e"  U+017E LATIN SMALL LETTER Z WITH CARON, at 0' in done.stdout
