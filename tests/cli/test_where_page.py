"""The page about `--where` says what the language is: its expressions parse, its fields are known, and none is left out."""

import re
from pathlib import Path

import pytest

from smswire.cli.fields import field_named, field_names
from smswire.cli.where import parse

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the manual is not here")


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", (DOCS / page).read_text(), re.S | re.M) if DOCS.is_dir() else []


def test_the_expressions_of_the_page_are_good():
    lines = [line for block in blocks("where.md", "where") for line in block.splitlines()]
    assert len(lines) > 5
    for line in lines:
        parse(line)


def test_the_fields_of_the_page_are_known_and_all_of_their_kind_are_on_it():
    table = (DOCS / "where.md").read_text().partition("## Fields")[2]
    named = {name for row in re.findall(r"^\| (`.*?) \| ", table, re.M) for name in re.findall(r"`([\w.]+)`", row)}
    assert not [name for name in named if field_named(name) is None]
    special = {name for name in field_names() if "." in name}
    special |= {"text", "udh", "receipt", "finding", "severity", "gap", "time", "src", "octets"}
    assert special <= named
