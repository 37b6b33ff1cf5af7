"""Number contexts for the tests: strategies, and the document's printed examples."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from smpp_core import DeliverSm, Pdu
from smswire.http.lookup import COLUMNS, STATES, Column, NumberContext

DATA = Path(__file__).parent / "data" / "http"
EXAMPLES: list[dict[str, Any]] = json.loads((DATA / "examples-lookup.json").read_text())


def printed(name: str) -> bytes:
    """An example of the document, as it stands in it."""
    return (DATA / name).read_bytes()


# What XML can hold, without control characters.
PLAIN = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
NAMES = st.from_regex(r"[A-Za-z0-9&.ä-]{1,9}( [A-Za-z0-9&.-]{1,9})?", fullmatch=True)
DIGITS = st.from_regex(r"[0-9]{6,15}", fullmatch=True)
IDS = st.from_regex(r"[0-9A-Fa-f-]{1,30}", fullmatch=True)


def texts(characters: st.SearchStrategy[str] = PLAIN) -> st.SearchStrategy[str]:
    """Texts as a context has them: never blank, no blanks around."""
    return st.text(characters, min_size=1, max_size=20).map(str.strip).filter(bool)


def contexts(carried: Any, *, text: st.SearchStrategy[str] | None = None, most: Decimal = Decimal("9999999999")) -> Any:
    """Contexts that know some of the columns that a form carries. carried: which; text: of other texts than ids; most: of prices."""
    text = texts() if text is None else text

    def value(column: Column) -> st.SearchStrategy[Any]:
        kinds: dict[str, st.SearchStrategy[Any]] = {
            "flag": st.booleans(), "number": st.integers(0, 65535), "price": st.decimals(0, most, places=2), "text": text,
        }
        return DIGITS if column.field in ("imsi", "msc") else kinds[column.kind]

    fixed = {"destination": st.from_regex(r"[1-9][0-9]{4,14}", fullmatch=True), "id": IDS, "stat": st.sampled_from(sorted(STATES))}
    optional = {column.field: value(column) for column in COLUMNS if column.field not in fixed and carried(column)}
    return st.fixed_dictionaries(fixed, optional=optional).map(lambda fields: NumberContext(**fields))


def listed(text: str) -> Pdu:
    """The deliver_sm of a listing such as vendor 3.2 prints: addresses, message, TLVs by decimal tag."""
    found = re.fullmatch(r"addr: 0 0 (\S+)\naddr: 0 0 (\d+)\nmsg: (.*?)\nopt: (.*)", text.strip(), re.DOTALL)
    assert found
    tlvs: list[tuple[int | str, int | str | bytes]] = []
    for kind, tag, value in re.findall(r"\((oct|byte|str|int): \(tlv: (\d+)\) ([^)]*)\)", found[4].replace("\n", " ")):
        octets = {
            "oct": lambda value: bytes.fromhex(value), "byte": lambda value: bytes([int(value)]),
            "int": lambda value: int(value).to_bytes(4, "big"), "str": lambda value: value.encode() + b"\0",
        }[kind](value)
        tlvs.append((int(tag), octets))
    return DeliverSm(source_addr=found[1], destination_addr=found[2], esm_class=4, short_message=found[3].encode(), tlvs=tlvs)
