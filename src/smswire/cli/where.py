"""Commands, above layer 9: the --where language: an expression over the fields of a PDU -> a predicate.

Grammar, one page for users: docs/where.md.

    either  = both { ("or" | "||") both }
    both    = negated { ("and" | "&&") negated }
    negated = ("not" | "!") negated | "(" either ")" | test
    test    = FIELD [ operator value | "in" "(" value { "," value } ")" ]

A comparison with a field that is not there is false, `!=` and `!~` too; only `not` turns that round. Where a field has several values
(findings, a repeated TLV) a comparison holds if it holds for one of them.
"""

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .fields import Field, WrongValue, field_named, near_miss
from .item import Item

Predicate = Callable[[Item], bool]
Test = Callable[[Any], bool]

MAX_EXPRESSION = 4_000   # characters: far above what people type, far below what would exhaust the parser's stack
MAX_DEPTH = 50           # parentheses and "not" inside each other
MAX_PATTERN = 500        # characters of one regular expression
# Characters of a value that a regular expression is shown: quadratic patterns stay under a second.
MAX_SEARCHED = 8_192

_TOKENS = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<operator>==|!=|<=|>=|!~|&&|\|\||[<>~!(),=])
  | (?P<word>[^\s"'()<>=!~,&|]+)
  | (?P<end>$)
    )""",
    re.X | re.S,
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class WhereError(ValueError):
    """A bad expression: str() is one sentence, `pointed()` adds the expression with a caret under the place."""

    def __init__(self, message: str, expression: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.expression = expression
        self.position = position

    def pointed(self) -> str:
        """The sentence, the expression's line and a caret under the place."""
        before = self.expression[: self.position]
        line = before.rpartition("\n")[2] + self.expression[self.position :].partition("\n")[0]
        column = len(before.rpartition("\n")[2])
        shown = "".join(letter if letter.isprintable() else " " for letter in line)
        return f"{self.message}\n  {shown}\n  {' ' * column}^"


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse(expression: str, profile: Any = None) -> Predicate:
    """Make a predicate of an expression.

    expression: at most 4,000 characters. profile: whose names of TLVs and statuses count, default the vendor's.
    Returns a function from an item (a PDU or a gap) to bool. Raises WhereError.
    """
    if len(expression) > MAX_EXPRESSION:
        raise WhereError(f"the expression has {len(expression)} characters, the limit is {MAX_EXPRESSION}", expression[:200], 0)
    return _Parser(expression, profile).parse()


class _Parser:
    def __init__(self, expression: str, profile: Any) -> None:
        self.expression = expression
        self.profile = profile
        self.tokens = self._tokens()
        self.at = 0
        self.depth = 0

    def _tokens(self) -> list[_Token]:
        tokens, at = [], 0
        while True:
            found = _TOKENS.match(self.expression, at)
            if found is None:
                at += len(self.expression[at:]) - len(self.expression[at:].lstrip())
                unfinished = self.expression[at] in "\"'"
                message = "the string has no closing quote" if unfinished else f"{self.expression[at]!r} is no operator"
                raise WhereError(message, self.expression, at)
            kind = found.lastgroup or "end"
            tokens.append(_Token(kind, found[kind], found.start(kind)))
            if kind == "end":
                return tokens
            at = found.end()

    def _fail(self, message: str, token: _Token | None = None) -> WhereError:
        return WhereError(message, self.expression, (token or self.tokens[self.at]).position)

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def _accept(self, *texts: str) -> bool:
        token = self.tokens[self.at]
        if token.kind != "string" and token.text.lower() in texts:
            self.at += 1
            return True
        return False

    def parse(self) -> Predicate:
        if self.tokens[0].kind == "end":
            raise self._fail("the expression is empty")
        predicate = self._either()
        token = self.tokens[self.at]
        if token.kind != "end":
            if token.text == ")":
                raise self._fail("this parenthesis closes nothing")
            raise self._fail(f"expected 'and', 'or' or the end, not {token.text!r}")
        return predicate

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._accept("or", "||"):
            parts.append(self._both())
        return _any(parts)

    def _both(self) -> Predicate:
        parts = [self._negated()]
        while self._accept("and", "&&"):
            parts.append(self._negated())
        return _all(parts)

    def _negated(self) -> Predicate:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._fail(f"more than {MAX_DEPTH} parentheses inside each other")
        try:
            if self._accept("not", "!"):
                return _not(self._negated())
            opening = self.tokens[self.at]
            if self._accept("("):
                inner = self._either()
                if not self._accept(")"):
                    raise self._fail("this parenthesis is not closed", opening)
                return inner
            return self._test()
        finally:
            self.depth -= 1

    def _test(self) -> Predicate:
        token = self._next()
        if token.kind != "word":
            found = "the end" if token.kind == "end" else repr(token.text)
            raise self._fail(f"expected a field, found {found}", token)
        field = field_named(token.text, self.profile)
        if field is None:
            hint = near_miss(token.text, self.profile)
            raise self._fail(f"there is no field {token.text!r}" + (f", did you mean {hint!r}?" if hint else ""), token)
        sign = self.tokens[self.at]
        if sign.kind == "operator" and sign.text == "=":
            raise self._fail("write == to compare")
        if self._accept("in"):
            return _predicate(field, self._member(field))
        if self._accept("~", "!~"):
            return _predicate(field, self._search(field, sign.text == "!~"))
        if self._accept(*_COMPARISONS):
            value = self._value(field, sign)
            compare = _COMPARISONS[sign.text]
            return _predicate(field, lambda left: compare(left, value), (sign.text, value))
        return _present(field)

    def _literal(self) -> _Token:
        token = self._next()
        if token.kind not in ("word", "string"):
            found = "the end" if token.kind == "end" else repr(token.text)
            raise self._fail(f"expected a value, found {found}", token)
        if token.kind == "string":
            text = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.S)
            return _Token("string", text, token.position)
        return token

    def _value(self, field: Field, sign: _Token | None = None) -> Any:
        token = self._literal()
        try:
            return field.read(token.text, sign is not None and sign.text not in ("==", "!="))
        except WrongValue as error:
            raise self._fail(str(error), token) from None

    def _member(self, field: Field) -> Test:
        if not self._accept("("):
            raise self._fail("expected '(' and a list of values")
        values = [self._value(field)]
        while self._accept(","):
            values.append(self._value(field))
        if not self._accept(")"):
            raise self._fail("expected ',' or ')' in the list")
        return frozenset(values).__contains__

    def _search(self, field: Field, negative: bool) -> Test:
        token = self.tokens[self.at]
        if token.kind == "string":
            # Backslashes belong to the pattern here; only the quote may be escaped.
            self.at += 1
            quote = token.text[0]
            pattern = token.text[1:-1].replace("\\" + quote, quote)
        else:
            pattern = self._literal().text
        if len(pattern) > MAX_PATTERN:
            raise self._fail(f"the pattern has {len(pattern)} characters, the limit is {MAX_PATTERN}", token)
        try:
            search = re.compile(pattern).search
        except (re.error, OverflowError, RecursionError) as error:
            raise self._fail(f"not a regular expression: {error}", token) from None
        if _explodes(pattern):
            raise self._fail("a repetition inside a repetition could take for ever", token)
        shown = field.show
        if shown is None:
            return lambda value: (search(value, 0, MAX_SEARCHED) is None) == negative
        return lambda value: (search(shown(value), 0, MAX_SEARCHED) is None) == negative


def _explodes(pattern: str) -> bool:
    """True if a repetition without limit stands inside another: the shape that takes exponential time."""
    from re import _parser  # type: ignore[attr-defined]  # the only place that tells the shape of a pattern; asked for ~ alone

    return _nested(_parser.parse(pattern), False)


def _nested(tree: Any, repeated: bool) -> bool:
    for code, argument in tree:
        name = str(code)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            unlimited = argument[1] > 100
            if unlimited and repeated:
                return True
            if _nested(argument[2], repeated or unlimited):
                return True
        elif name == "BRANCH":
            if any(_nested(branch, repeated) for branch in argument[1]):
                return True
        elif name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP", "GROUPREF_EXISTS"):
            parts: Sequence[Any] = argument if isinstance(argument, tuple) else (argument,)
            if any(_nested(part, repeated) for part in parts if type(part).__name__ == "SubPattern"):
                return True
    return False


def _predicate(field: Field, test: Test, known: tuple[str, Any] | None = None) -> Predicate:
    get = field.get
    if field.many:
        return lambda item: any(map(test, get(item)))
    if known is not None and known[0] == "==":
        wanted = known[1]
        return lambda item: get(item) == wanted

    def holds(item: Item) -> bool:
        value = get(item)
        return value is not None and test(value)

    return holds


def _present(field: Field) -> Predicate:
    get = field.get
    if field.many:
        return lambda item: bool(get(item))
    return lambda item: get(item) is not None


def _not(part: Predicate) -> Predicate:
    return lambda item: not part(item)


def _any(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        left, right = parts
        return lambda item: left(item) or right(item)
    return lambda item: any(part(item) for part in parts)


def _all(parts: list[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        left, right = parts
        return lambda item: left(item) and right(item)
    return lambda item: all(part(item) for part in parts)
