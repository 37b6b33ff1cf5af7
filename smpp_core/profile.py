"""Layer 0 of 9: what one peer means by its codes: TLVs, statuses, data codings, leniency. Data only."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any, NamedTuple, NoReturn, TypeVar, final
from weakref import WeakValueDictionary

from .errors import ProfileError
from .spec import data_codings as _data_codings
from .spec import statuses as _statuses
from .spec import tlvs as _tlvs
from .spec import vendor as _vendor
from .spec.commands import COMMANDS
from .spec.findings import FINDINGS
from .spec.rows import SMPP34, DataCoding, Status, Tlv
from .spec.values import VALUES

__all__ = ["DEFAULT_ALPHABETS", "Profile"]

DEFAULT_ALPHABETS = ("gsm7", "gsm7-packed", "latin1", "ascii")

_ALPHABETS = (*DEFAULT_ALPHABETS, "binary", "ucs2")
_KINDS = ("integer", "cstring", "string", "octets", "flag")
_RETRIES = ("never", "later", "rebind", "unknown")
_LENGTHS = {"integer": (1, 8), "cstring": (1, 0xFFFF), "string": (0, 0xFFFF), "octets": (0, 0xFFFF), "flag": (0, 1)}
_SECTION = "vendor (profile)"  # begins with "vendor": a value that does not fit its row may be another peer's use of the tag
_TAKEN = _tlvs.PDU_NAMES | ({field.name for row in COMMANDS.values() for field in row.fields} - {"message_state"})

_Row = TypeVar("_Row", Tlv, Status, DataCoding)


class _Base(NamedTuple):
    """Tables that a profile starts from."""

    tlvs: dict[int, Tlv]
    statuses: dict[int, Status]
    data_codings: dict[int, DataCoding]


_STANDARD = _Base(_tlvs.TLVS, _statuses.STATUSES, _data_codings.DATA_CODINGS)
_BASES = {
    "standard": _STANDARD,
    "vendor": _Base(
        _STANDARD.tlvs | _vendor.TLVS, _STANDARD.statuses | _vendor.STATUSES, _STANDARD.data_codings | _vendor.DATA_CODINGS,
    ),
}


class _Content(NamedTuple):
    """All that makes a profile: the tables it starts from and what differs from them. What is interned and pickled."""

    name: str
    base: str
    tlvs: tuple[Tlv, ...] = ()
    statuses: tuple[Status, ...] = ()
    data_codings: tuple[DataCoding, ...] = ()
    receipts_unflagged: bool = False
    receipt_zone: str | None = None
    receipt_keys: frozenset[str] = frozenset()
    lenient: frozenset[str] = frozenset()


_interned: WeakValueDictionary[_Content, Profile] = WeakValueDictionary()
_lock = threading.Lock()


@final
class Profile:
    """What one peer means by its codes. Frozen, hashable, picklable; two profiles of the same content are one object.

    name: for people. tlvs, statuses, data_codings: rows by tag or value (data codings are exact values, the GSM 03.38 groups come after
    them); tlv_names: the TLV rows by name. default_alphabet: what data_coding 0 means: "gsm7", "gsm7-packed", "latin1" or "ascii".
    receipts_unflagged: receipts come with esm_class 0 too. receipt_zone: zone of receipt times, as "Europe/Zagreb", "+02:00" or None.
    receipt_keys: further keys of receipts. Any word before a colon is a key once a known one stands before it; these may stand first too,
    begin with a digit and hold hyphens. Their values are in Receipt.extra. lenient: codes of findings that strict decoding lets pass. The
    dicts are not to be changed.
    """

    __slots__ = (
        "__weakref__", "_content", "data_codings", "default_alphabet", "lenient", "name", "receipt_keys", "receipt_zone",
        "receipts_unflagged", "statuses", "tlv_names", "tlvs",
    )

    _content: _Content
    name: str
    tlvs: dict[int, Tlv]
    tlv_names: dict[str, Tlv]
    statuses: dict[int, Status]
    data_codings: dict[int, DataCoding]
    default_alphabet: str
    receipts_unflagged: bool
    receipt_zone: str | None
    receipt_keys: frozenset[str]
    lenient: frozenset[str]

    def __init__(self) -> None:
        raise TypeError("a Profile comes from Profile.vendor(), Profile.standard(), Profile.from_toml(…) or another one's with_tlvs(…)")

    @classmethod
    def vendor(cls) -> Profile:
        """The vendor's document of 2014 upon SMPP 3.4 and 5.0; what decoding takes if it is given none."""
        return _NAMED["vendor"]

    @classmethod
    def standard(cls) -> Profile:
        """SMPP 3.4 and 5.0, nothing else."""
        return _NAMED["standard"]

    @classmethod
    def named(cls, name: str) -> Profile:
        """The profile of that name: "vendor" or "standard". ProfileError for another."""
        try:
            return _NAMED[name]
        except KeyError:
            _refuse("", f"no profile is named {name!r}", name, _NAMED)

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Profile:
        """Read a profile from a TOML file, or from TOML text (a str with a line end or an equals sign that names no file).

        Keys: name, base ("vendor", the default, or "standard"), default_alphabet, receipts_unflagged, receipt_zone, receipt_keys, lenient,
        and tables [[tlv]] (tag, name, kind, min, max, section, values, doc), [[status]] (value, name, meaning, retry, section) and
        [[data_coding]] (value, name, alphabet, meaning, section). ProfileError names the key at fault, or line and column.
        """
        return _load(source)

    def to_toml(self) -> str:
        """Write the TOML text that `from_toml` reads back as this very profile."""
        return _dump(self._content)

    def status(self, value: int) -> Status:
        """The row of a command_status; one that no table has is named by its number, as "0x00000ABC", and its retry is "unknown"."""
        row = self.statuses.get(value)
        if row is None:
            meaning = "vendor-specific status" if 0x400 <= value <= 0x4FF else "reserved status"
            row = Status(value, f"0x{value:08X}", meaning, "unknown", f"{SMPP34} 5.1.3")
        return row

    def with_tlvs(self, *rows: Tlv | tuple[Any, ...], name: str | None = None) -> Profile:
        """This profile with more TLVs, or with others for the same tags.

        rows: Tlv rows, or tuples (tag, name, kind, min, max, section, values, doc) that may end after the name: kind is then "octets", and
        the lengths are the widest of the kind. ProfileError for a row that does not fit or a name that another tag has.
        """
        return self._with(tlvs=[_tlv(row, f"tlv[{i}]") for i, row in enumerate(rows)], name=name)

    def with_options(
        self, *, name: str | None = None, lenient: Iterable[str] | None = None, default_alphabet: str | None = None,
        receipts_unflagged: bool | None = None, receipt_zone: str | EllipsisType | None = ..., receipt_keys: Iterable[str] | None = None,
        statuses: Iterable[Status | tuple[Any, ...]] = (), data_codings: Iterable[DataCoding | tuple[Any, ...]] = (),
    ) -> Profile:
        """This profile with other options; what is not given stays.

        lenient and receipt_keys (each of up to 255 ASCII letters, digits, _ and -) replace the former sets. statuses: rows, or tuples
        (value, name, meaning, retry, section) that may end after the name; data_codings: rows, or tuples (value, name, alphabet, meaning,
        section) that may end after the alphabet; both add to the tables. receipt_zone None removes the zone. ProfileError names the option
        at fault.
        """
        status_rows = [_status(row, f"status[{i}]") for i, row in enumerate(statuses)]
        coding_rows = [_data_coding(row, f"data_coding[{i}]") for i, row in enumerate(data_codings)]
        if default_alphabet is not None:
            _one_of(default_alphabet, DEFAULT_ALPHABETS, "default_alphabet")
            if any(row.value == 0 and row.alphabet != default_alphabet for row in coding_rows):
                _refuse("default_alphabet", "data_coding 0 is given as well, with another alphabet")
            if default_alphabet != self.default_alphabet:
                coding_rows.append(_STANDARD.data_codings[0]._replace(alphabet=default_alphabet))
        changes: dict[str, Any] = {}
        if lenient is not None:
            changes["lenient"] = _names(lenient, "lenient", FINDINGS)
        if receipt_keys is not None:
            keys = _names(receipt_keys, "receipt_keys")
            for key in keys:
                if not key.isascii() or len(key) > 255:
                    _refuse("receipt_keys", f"{key!r} is no key: up to 255 ASCII letters, digits, _ and -")
            changes["receipt_keys"] = keys
        if receipts_unflagged is not None:
            if not isinstance(receipts_unflagged, bool):
                _refuse("receipts_unflagged", f"{receipts_unflagged!r} is no true or false")
            changes["receipts_unflagged"] = receipts_unflagged
        if not isinstance(receipt_zone, EllipsisType):
            changes["receipt_zone"] = receipt_zone if receipt_zone is None else _zone(receipt_zone)
        return self._with(statuses=status_rows, data_codings=coding_rows, name=name, **changes)

    def _with(
        self, *, tlvs: Iterable[Tlv] = (), statuses: Iterable[Status] = (), data_codings: Iterable[DataCoding] = (),
        name: str | None = None, **changes: Any,
    ) -> Profile:
        if name is not None:
            if not isinstance(name, str) or not name:
                _refuse("name", f"{name!r} is no name")
            changes["name"] = name
        tables = _Base(
            self.tlvs | {row.tag: row for row in tlvs}, self.statuses | {row.value: row for row in statuses},
            self.data_codings | {row.value: row for row in data_codings},
        )
        owners: dict[str, int] = {}
        for row in tables.tlvs.values():
            other = owners.setdefault(row.name, row.tag)
            if other == row.tag and row.name in _tlvs.ALIASES:
                other = _tlvs.BY_NAME[row.name].tag
            if other != row.tag:
                _refuse("tlv", f"the name {row.name!r} of tag 0x{row.tag:04X} belongs to tag 0x{other:04X}")
        return _intern(_content_of(self._content._replace(**changes), tables))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Profile is immutable; with_tlvs and with_options make another")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Profile is immutable")

    def __copy__(self) -> Profile:
        return self

    def __deepcopy__(self, memo: object) -> Profile:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (tuple(self._content),)

    def __repr__(self) -> str:
        content = self._content
        if content == _Content(content.base, content.base):
            return f"Profile.{content.base}()"
        parts = [f"{len(rows)} {one if len(rows) == 1 else many}" for rows, one, many in (
            (content.tlvs, "TLV", "TLVs"), (content.statuses, "status", "statuses"), (content.data_codings, "data coding", "data codings"),
        ) if rows]
        if self.default_alphabet != "gsm7":
            parts.append(f"default_alphabet {self.default_alphabet}")
        if self.receipts_unflagged:
            parts.append("receipts_unflagged")
        if self.receipt_zone:
            parts.append(f"receipt_zone {self.receipt_zone}")
        if self.receipt_keys:
            parts.append(f"receipt_keys {' '.join(sorted(self.receipt_keys))}")
        if self.lenient:
            parts.append(f"lenient {' '.join(sorted(self.lenient))}")
        return f"<Profile {content.name!r}: {', '.join((content.base, *parts))}>"


def _intern(content: _Content) -> Profile:
    with _lock:
        profile = _interned.get(content)
        if profile is None:
            base = _BASES[content.base]
            tlvs = base.tlvs | {row.tag: row for row in content.tlvs}
            names = {row.name: row for row in tlvs.values()}
            names.update({alias: names[name] for alias, name in _tlvs.ALIASES.items() if name in names})
            codings = base.data_codings | {row.value: row for row in content.data_codings}
            profile = object.__new__(Profile)
            for name, value in (
                ("_content", content), ("name", content.name), ("tlvs", tlvs), ("tlv_names", names),
                ("statuses", base.statuses | {row.value: row for row in content.statuses}), ("data_codings", codings),
                ("default_alphabet", codings[0].alphabet), ("receipts_unflagged", content.receipts_unflagged),
                ("receipt_zone", content.receipt_zone), ("receipt_keys", content.receipt_keys), ("lenient", content.lenient),
            ):
                object.__setattr__(profile, name, value)
            _interned[content] = profile
        return profile


def _content_of(options: _Content, tables: _Base) -> _Content:
    # Tables only grow, so holding every key of the vendor's means that it is the nearer base; the same tables give the same content.
    own = _BASES["vendor"]
    base = "vendor"
    if not (tables.tlvs.keys() >= own.tlvs.keys() and tables.statuses.keys() >= own.statuses.keys()
            and tables.data_codings.keys() >= own.data_codings.keys()):
        own = _STANDARD
        base = "standard"
    return options._replace(
        base=base, tlvs=_differences(tables.tlvs, own.tlvs), statuses=_differences(tables.statuses, own.statuses),
        data_codings=_differences(tables.data_codings, own.data_codings),
    )


def _differences(rows: Mapping[int, _Row], base: Mapping[int, _Row]) -> tuple[_Row, ...]:
    return tuple(row for key, row in sorted(rows.items()) if base.get(key) != row)


def _restore(content: tuple[Any, ...]) -> Profile:
    return _intern(_Content(*content))


def _refuse(key: str, problem: str, word: str = "", known: Iterable[str] = ()) -> NoReturn:
    if word:
        import difflib

        near = difflib.get_close_matches(word, list(known), 1)
        if near:
            problem += f"; did you mean {near[0]!r}?"
    raise ProfileError(f"{key}: {problem}" if key else problem, key)


def _one_of(word: Any, known: Iterable[str], key: str) -> str:
    if not isinstance(word, str):
        _refuse(key, f"{word!r} is no text")
    if word not in known:
        _refuse(key, f"{word!r} is none of {', '.join(known)}", word, known)
    return word


def _number(value: Any, least: int, most: int, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(key, f"{value!r} is no whole number")
    if not least <= value <= most:
        _refuse(key, f"{value} is not in {least} to {most}")
    return int(value)


def _text(value: Any, key: str, *, needed: bool = False) -> str:
    if not isinstance(value, str):
        _refuse(key, f"{value!r} is no text")
    if needed and not value:
        _refuse(key, "is empty")
    return value


def _names(words: Any, key: str, known: Mapping[str, object] | None = None) -> frozenset[str]:
    if isinstance(words, str) or not isinstance(words, Iterable):
        _refuse(key, f"{words!r} is no list")
    found = []
    for i, word in enumerate(words):
        if known is not None and isinstance(word, str) and word not in known:
            _refuse(f"{key}[{i}]", f"there is no finding {word!r}", word, known)
        if not isinstance(word, str) or not re.fullmatch(r"\w[\w-]*", word):
            _refuse(f"{key}[{i}]", f"{word!r} is no word")
        found.append(word)
    return frozenset(found)


def _zone(name: Any) -> str:
    zone = _text(name, "receipt_zone", needed=True)
    if zone == "UTC" or re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", zone):
        return zone
    import zoneinfo

    known = zoneinfo.available_timezones()
    if known and zone not in known:  # without time zone data on this machine nothing can be said
        _refuse("receipt_zone", f"{zone!r} is no time zone", zone, known)
    return zone


def _cells(row: Any, needed: int, defaults: tuple[Any, ...], key: str) -> tuple[Any, ...]:
    """A row's cells, filled up from defaults, which stand for the cells behind the needed ones. None is a cell that is not given."""
    most = needed + len(defaults)
    if not isinstance(row, tuple | list) or not needed <= len(row) <= most:
        _refuse(key, f"{row!r} is no row of {needed} to {most} values")
    given = (*row, *(None,) * (most - len(row)))
    return *given[:needed], *(default if cell is None else cell for cell, default in zip(given[needed:], defaults, strict=True))


def _tlv(row: Any, key: str) -> Tlv:
    tag, name, kind, least, most, section, values, doc = _cells(row, 2, ("octets", None, None, _SECTION, "", ""), key)
    tag = _number(tag, 0, 0xFFFF, f"{key}.tag")
    name = _text(name, f"{key}.name")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        _refuse(f"{key}.name", f"{name!r} is no name in snake_case")
    if name in _TAKEN:
        _refuse(f"{key}.name", f"{name!r} is the name of a field or attribute of a Pdu")
    shortest, longest = _LENGTHS[_one_of(kind, _KINDS, f"{key}.kind")]
    most = longest if most is None else _number(most, 0, longest, f"{key}.max")
    least = min(shortest, most) if least is None else _number(least, 0, most, f"{key}.min")
    if _text(values, f"{key}.values"):
        _one_of(values, VALUES, f"{key}.values")
    return Tlv(tag, name, kind, least, most, _text(section, f"{key}.section", needed=True), values, _text(doc, f"{key}.doc"))


def _status(row: Any, key: str) -> Status:
    value, name, meaning, retry, section = _cells(row, 2, ("", "unknown", _SECTION), key)
    return Status(
        _number(value, 0, 0xFFFFFFFF, f"{key}.value"), _text(name, f"{key}.name", needed=True), _text(meaning, f"{key}.meaning"),
        _one_of(retry, _RETRIES, f"{key}.retry"), _text(section, f"{key}.section", needed=True),
    )


def _data_coding(row: Any, key: str) -> DataCoding:
    value, name, alphabet, meaning, section = _cells(row, 3, ("", _SECTION), key)
    value = _number(value, 0, 255, f"{key}.value")
    alphabet = _text(alphabet, f"{key}.alphabet", needed=True)
    if value == 0:
        _one_of(alphabet, DEFAULT_ALPHABETS, f"{key}.alphabet")
    elif alphabet not in _ALPHABETS and not _is_text_codec(alphabet):
        _refuse(f"{key}.alphabet", f"{alphabet!r} is none of {', '.join(_ALPHABETS)} and no codec of Python", alphabet, _ALPHABETS)
    return DataCoding(
        value, _text(name, f"{key}.name", needed=True), alphabet, _text(meaning, f"{key}.meaning"),
        _text(section, f"{key}.section", needed=True),
    )


def _is_text_codec(name: str) -> bool:
    try:
        b" ".decode(name)  # of no octets, any name would do
    except UnicodeDecodeError:
        return True
    except (LookupError, ValueError):
        return False
    return True


# [[table]] of the TOML form -> the columns of its rows. The first ones are needed: as many as the rows' tuples need.
_COLUMNS = {
    "tlv": (2, ("tag", "name", "kind", "min", "max", "section", "values", "doc")),
    "status": (2, ("value", "name", "meaning", "retry", "section")),
    "data_coding": (3, ("value", "name", "alphabet", "meaning", "section")),
}
_TEXT_MARKS = frozenset("\n=\0")
_OPTIONS = ("default_alphabet", "receipts_unflagged", "receipt_zone", "receipt_keys", "lenient")


def _load(source: str | os.PathLike[str]) -> Profile:
    import tomllib

    path = name = ""
    try:
        if isinstance(source, str) and not _TEXT_MARKS.isdisjoint(source) and not os.path.isfile(source):
            text, name = source, "profile"
        else:
            path = os.fsdecode(source)
            name = os.path.splitext(os.path.basename(path))[0]
            with open(path, encoding="utf-8") as file:
                text = file.read()
        return _of_document(tomllib.loads(text), name)
    except OSError as error:
        raise ProfileError(f"{path}: {error.strerror or error}", path=path) from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: octet {error.start} is no UTF-8", path=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path}: {error}" if path else str(error), path=path) from error
    except ProfileError as error:
        raise ProfileError(f"{path}: {error}" if path else str(error), error.key, path) from None


def _of_document(document: dict[str, Any], default_name: str) -> Profile:
    known = ("name", "base", *_OPTIONS, *_COLUMNS)
    for key in document:
        if key not in known:
            _refuse(key, "there is no such key", key, known)
    tables = {table: _rows(document.get(table, []), table, *columns) for table, columns in _COLUMNS.items()}
    base = _NAMED[_one_of(document.get("base", "vendor"), _NAMED, "base")]
    named = base.with_tlvs(*tables["tlv"], name=_text(document.get("name", default_name), "name"))
    options = {key: document[key] for key in _OPTIONS if key in document}
    return named.with_options(statuses=tables["status"], data_codings=tables["data_coding"], **options)


def _rows(entries: Any, table: str, needed: int, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """The entries of a [[table]] as tuples, with None for what is not given: `_tlv` and its like read that as the default."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        _refuse(table, f"is no list of tables; write [[{table}]]")
    for i, entry in enumerate(entries):
        for key in entry:
            if key not in columns:
                _refuse(f"{table}[{i}].{key}", "there is no such key", key, columns)
        for key in columns[:needed]:
            if key not in entry:
                _refuse(f"{table}[{i}].{key}", "is missing")
    return [tuple(entry.get(key) for key in columns) for entry in entries]


def _dump(content: _Content) -> str:
    def write(value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'
        if isinstance(value, frozenset):
            return f"[{', '.join(write(word) for word in sorted(value))}]"
        return str(value)

    blank = _Content(content.name, content.base)
    lines = [f"name = {write(content.name)}", f"base = {write(content.base)}"]
    lines += [f"{key} = {write(getattr(content, key))}" for key in _OPTIONS[1:] if getattr(content, key) != getattr(blank, key)]
    for table, rows in (("tlv", content.tlvs), ("status", content.statuses), ("data_coding", content.data_codings)):
        columns = _COLUMNS[table][1]
        for row in rows:
            lines += ["", f"[[{table}]]"]
            cells = [(key, cell) for key, cell in zip(columns, row, strict=True) if cell != ""]
            lines += [f"{key} = {f'0x{cell:04X}' if key in ('tag', 'value') else write(cell)}" for key, cell in cells]
    return "\n".join(lines) + "\n"


# Held for good: decoding asks for them all the time.
_NAMED = {base: _intern(_Content(base, base)) for base in _BASES}
