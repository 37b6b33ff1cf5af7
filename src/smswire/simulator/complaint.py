"""Layer 8 of 9: what is wrong with a document, in the words of its author: the key's path, and a near miss."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

__all__ = ["problem_of", "said_of", "unknown_key"]

_AT = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$(.*)`)?$")


def problem_of(key: str, problem: str, word: object = "", known: Iterable[str] = ()) -> str:
    """`key: problem`, and the known word that the given one may mean."""
    near = difflib.get_close_matches(word, list(known), 1) if isinstance(word, str) and word else []
    return f"{key}: {problem}" + (f"; did you mean {near[0]!r}?" if near else "")


def unknown_key(document: Any, kind: type) -> tuple[str, str] | None:
    """The path of the first key that the Struct has not, and a sentence; None if all are known. Wrong types are not looked at."""
    return _search(document, inspect.type_info(kind), "")


def _search(value: Any, kind: inspect.Type, path: str) -> tuple[str, str] | None:
    if isinstance(kind, inspect.Metadata):
        return _search(value, kind.type, path)
    if isinstance(kind, inspect.UnionType):
        meant = (one for one in map(_bare, kind.types) if isinstance(one, inspect.StructType) and _is_meant(value, one))
        return next((_search(value, one, path) for one in meant), None)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        fields = {one.encode_name: one.type for one in kind.fields}
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if key in fields:
                found = _search(inner, fields[key], here)
                if found is not None:
                    return found
            elif key != kind.tag_field:
                return here, problem_of(here, "there is no such key", key, fields)
    elif isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        for i, inner in enumerate(value):
            found = _search(inner, kind.item_type, f"{path}[{i}]")
            if found is not None:
                return found
    return None


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def said_of(error: msgspec.ValidationError, document: Any, kind: type) -> tuple[str, str]:
    """A refusal of msgspec as the key's path and a sentence. What a Struct itself refuses begins with the key: `.text: no pattern`."""
    found = _AT.match(str(error))
    assert found is not None
    problem, path = found[1], (found[2] or "").lstrip(".")
    if problem.startswith("."):
        key, _, problem = problem[1:].partition(": ")
        path = f"{path}.{key}" if path else key
    missing = re.fullmatch(r"Object missing required field `(.*)`", problem)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
        problem = "is missing"
    invalid = re.fullmatch(r"Invalid (?:enum )?value '(.*)'", problem)
    if invalid:
        words = _words_at(document, inspect.type_info(kind), re.findall(r"\w+", path))
        return path, problem_of(path, f"{invalid[1]!r} is none of {', '.join(words)}", invalid[1], words)
    return path, f"{path}: {problem[:1].lower()}{problem[1:]}" if path else problem


def _words_at(value: Any, kind: inspect.Type, steps: list[str]) -> list[str]:
    """The words that a Literal or the tag of a union allows; steps: keys and indexes from value to it."""
    kind = _bare(kind)
    if isinstance(kind, inspect.UnionType):
        structs = [one for one in map(_bare, kind.types) if isinstance(one, inspect.StructType)]
        if len(steps) == 1 and structs and steps[0] == structs[0].tag_field:
            return [str(one.tag) for one in structs]
        kinds = [one for one in map(_bare, kind.types) if not isinstance(one, inspect.StructType) or _is_meant(value, one)]
        return next((words for words in (_words_at(value, one, steps) for one in kinds) if words), [])
    if isinstance(kind, inspect.LiteralType):
        return [str(word) for word in kind.values] if not steps else []
    if isinstance(kind, inspect.StructType) and steps and isinstance(value, dict):
        return next((_words_at(value.get(steps[0]), one.type, steps[1:]) for one in kind.fields if one.encode_name == steps[0]), [])
    if isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        at = int(steps[0]) if steps and steps[0].isdigit() else 0
        return _words_at(value[at] if at < len(value) else None, kind.item_type, steps[1:])
    return []


def _is_meant(value: Any, kind: inspect.StructType) -> bool:
    return isinstance(value, dict) and (kind.tag_field is None or value.get(kind.tag_field) == kind.tag)
