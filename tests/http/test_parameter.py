"""Parameters: nothing that the document's tables 1, 4 and 7 print is left out, and every row is an attribute (I10, V2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smswire.http.parameter import AUTHENTICATION, ENCODING, MESSAGE, OUTPUT, RECIPIENT, by_name
from smswire.http.request import Recipient, SendMessage, SendRequest

# Table of the document to the names in it, as printed.
PRINTED: dict[str, list[str]] = json.loads((Path(__file__).parent.parent / "data" / "http" / "parameters.json").read_text(encoding="utf-8"))
ROWS = (*AUTHENTICATION, *MESSAGE, *RECIPIENT)
FORMS = {"1": "xml", "4": "json", "7": "plain"}
COUNTS = {"1": 21, "4": 21, "7": 21}
# What else the document prints of them: tags and keys of its examples, and what its text says.
SEEN = [
    (form, name)
    for form, names in (
        ("xml", "username password sender text flash type wapurl binary datacoding esmclass srcton srcnpi destton destnpi sendDateTime"),
        ("xml", "ValidityPeriod appid pushurl nopush gsm messageId DataCoding Pushurl"),
        ("json", "username password sender text sendDateTime type datacoding gsm messageId DataCoding pushurl Pushurl"),
        ("plain", "user password sender SMSText GSM type SendDateTime binary esmclass datacoding Binary DataCoding"),
    )
    for name in names.split()
]


@pytest.mark.parametrize("table, name", [(table, name) for table in FORMS for name in PRINTED[table]])
def test_i10_a_printed_parameter_has_a_row(table: str, name: str) -> None:
    form = FORMS[table]
    assert (name if form == "json" else name.lower()) in {*by_name(ROWS, form), *([ENCODING] if form == "plain" else [])}


def test_i10_the_tables_are_whole() -> None:
    assert {table: len(PRINTED[table]) for table in COUNTS} == COUNTS
    assert sum(map(len, PRINTED.values())) == 63 + 4 + 3 + 4 + 22 + 9 + 6


@pytest.mark.parametrize("table", FORMS)
def test_i10_a_row_of_a_form_is_in_its_table_or_is_known_to_be_from_elsewhere(table: str) -> None:
    form = FORMS[table]
    printed = {name.lower() for name in PRINTED[table]}
    absent = {row.field for row in ROWS if not printed & {name.lower() for name in getattr(row, form)}}
    # campaign_id is section 4.4; plain's table does not know message ids (decision V7).
    assert absent == {"campaign_id"} | ({"message_id"} if form == "plain" else set())


@pytest.mark.parametrize("form, name", SEEN)
def test_v2_every_spelling_that_the_document_prints_is_read(form: str, name: str) -> None:
    assert (name if form == "json" else name.lower()) in by_name(ROWS, form)


def test_v2_plain_names_are_written_as_the_document_prints_them() -> None:
    printed = set(PRINTED["7"]) | {"type", "binary", "messageid", "CampaignId"}
    assert {row.plain[0] for row in ROWS} <= printed
    assert {ENCODING, OUTPUT} == {"encoding", "output"}


def test_every_row_is_an_attribute_and_every_attribute_has_a_row() -> None:
    assert {row.field for row in AUTHENTICATION} == set(SendRequest.__struct_fields__) - {"messages"}
    assert {row.field for row in MESSAGE} == set(SendMessage.__struct_fields__) - {"recipients", "fault"}
    assert {row.field for row in RECIPIENT} == set(Recipient.__struct_fields__)


@pytest.mark.parametrize("form", FORMS.values())
def test_a_name_is_that_of_one_field(form: str) -> None:
    for rows in (AUTHENTICATION, MESSAGE, RECIPIENT, ROWS):
        names = [name if form == "json" else name.lower() for row in rows for name in set(getattr(row, form))]
        fields = by_name(rows, form)
        assert all(name in fields for name in names)
        assert {fields[name] for name in names} == {row.field for row in rows}
        assert len(set(names)) == len({(name, fields[name]) for name in names})
        for row in rows:
            assert {fields[name if form == "json" else name.lower()] for name in getattr(row, form)} == {row.field}
