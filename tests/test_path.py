"""Data flows one way through the tree: a module imports only what stands earlier on the path, and says its place in its first line.

Reads the sources: imports and cimports of every .py, .pyx and .pxd. Holds the other rules of the house that can be read off a file, too.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The path of docs/design: whose name begins with the longest of these stands there.
PLACES = {
    "smpp_core.spec": 0, "smpp_core.errors": 0, "smpp_core.profile": 0, "smpp_core.profile_toml": 0,
    "smpp_core.wire": 1,
    "smpp_core.frame": 2,
    "smpp_core.layout": 3, "smpp_core.tlv": 3, "smpp_core.build": 3, "smpp_core.examine": 3, "smpp_core.line": 3, "smpp_core.pdu": 3,
    "smpp_core.commands": 3,
    "smpp_core": 4,
    "smswire.message": 5, "smswire.session": 6, "smswire.http": 7, "smswire.simulator": 8, "smswire.gateway": 9, "smswire.inspect": 9,
    "smswire.cli": 10, "smswire.__main__": 10,
    "smswire": 0,
}
SAYINGS = {10: "Commands, above layer 9: "}
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
NOT_IN_THE_CORE = {"asyncio", "logging", "socket", "ssl", "selectors", "time"}
FRONT_PAGES = {"smpp_core/__init__.py", "src/smswire/__init__.py"}
GENERATED = {"smpp_core/commands.pyx"}


class Import(NamedTuple):
    """One module that a file names, and whether at its top, where it is loaded at once."""

    target: str
    at_top: bool


class Source(NamedTuple):
    path: Path
    name: str
    text: str

    @property
    def place(self) -> int:
        return place(self.name)


def place(name: str) -> int:
    return max((prefix, rank) for prefix, rank in PLACES.items() if name == prefix or name.startswith(f"{prefix}."))[1]


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[parts[0] == "src":]).removesuffix(".__init__")


def sources(*suffixes: str) -> list[Source]:
    found = []
    for folder in (ROOT / "smpp_core", ROOT / "src"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in suffixes:
                relative = path.relative_to(ROOT)
                found.append(Source(relative, module_name(relative), path.read_text("utf-8")))
    return found


MODULES = {source.name for source in sources(".py", ".pyx", ".pxd")}


def resolve(source: Source, dots: int, base: str, names: list[str]) -> Iterator[str]:
    """The modules that `from ..base import names` means; a name that is no module is one of the base's own."""
    package = source.name if source.path.stem == "__init__" else source.name.rpartition(".")[0]
    for _ in range(dots - 1):
        package = package.rpartition(".")[0]
    full = ".".join(part for part in (package if dots else "", base) if part)
    for name in names:
        yield f"{full}.{name}" if f"{full}.{name}" in MODULES else full


def imports_of_python(source: Source) -> Iterator[Import]:
    tree = ast.parse(source.text)
    top = {id(node) for node in tree.body}
    for_types = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    typing_only = {id(inner) for node in for_types for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, id(node) in top)
        elif isinstance(node, ast.ImportFrom):
            for target in resolve(source, node.level, node.module or "", [alias.name for alias in node.names]):
                yield Import(target, id(node) in top)


FROM = re.compile(r"^([ \t]*)from[ \t]+(\.*)([\w.]*)[ \t]+(c?)import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
PLAIN = re.compile(r"^([ \t]*)c?import[ \t]+([\w., \t]+)", re.MULTILINE)


def imports_of_cython(source: Source) -> Iterator[Import]:
    text = re.sub(r'"""(?:.|\n)*?"""', '""', re.sub(r"#.*", "", source.text))
    for indent, dots, base, _, names in FROM.findall(text):
        words = [item.split()[0] for item in names.strip("()").split(",") if item.strip()]
        for target in resolve(source, len(dots), base, words):
            yield Import(target, not indent)
    for indent, names in PLAIN.findall(text):
        for item in names.split(","):
            yield Import(item.split()[0], not indent)


def imports(source: Source) -> list[Import]:
    return list((imports_of_python if source.path.suffix == ".py" else imports_of_cython)(source))


SOURCES = sources(".py", ".pyx", ".pxd")


def of(chosen: Iterable[Source]) -> pytest.MarkDecorator:
    """A test for each of the sources."""
    return pytest.mark.parametrize("source", list(chosen), ids=lambda source: source.path.as_posix())


by_path = of(SOURCES)
of_core = of(source for source in SOURCES if source.path.parts[0] == "smpp_core")
of_python = of(source for source in SOURCES if source.path.suffix == ".py")
of_cython = of(source for source in SOURCES if source.path.suffix != ".py")
# The front pages of the packages are about all of them; a declaration file may be empty.
of_placed = of(source for source in SOURCES if source.text and source.path.as_posix() not in FRONT_PAGES)


def functions_in_c(source: Source) -> Iterator[tuple[str, str, str]]:
    """The return type, name and what follows the parentheses of every cdef or cpdef function."""
    text = re.sub(r'"""(?:.|\n)*?"""', '""', re.sub(r"#.*", "", source.text))
    pattern = r"^[ \t]*cp?def[ \t]+(?:inline[ \t]+)?([^\n(=:]*?)(\w+)[ \t]*\(((?:[^()]|\([^()]*\))*)\)([^\n]*)"
    for kind, name, _, rest in re.findall(pattern, text, re.MULTILINE):
        yield kind.strip(), name, rest


@by_path
def test_a_module_imports_only_what_stands_earlier_on_the_path(source: Source) -> None:
    later = {
        found.target for found in imports(source)
        if found.target.partition(".")[0] in ("smpp_core", "smswire") and place(found.target) > source.place and source.name != "smswire"
    }
    assert later == set()


def test_no_module_is_loaded_on_the_way_to_itself() -> None:
    graph: dict[str, set[str]] = {}
    for source in SOURCES:
        at_top = {found.target for found in imports(source) if found.at_top}
        graph.setdefault(source.name, set()).update(at_top - {source.name})

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name):], name))
        for target in sorted(graph.get(name, ())):
            if target in graph and target not in settled:
                walk(target, (*way, name))
        settled.add(name)

    settled: set[str] = set()
    for name in sorted(graph):
        walk(name, ())


@of_core
def test_the_core_imports_the_standard_library_only_and_no_sockets_loops_or_clocks(source: Source) -> None:
    tops = {found.target.partition(".")[0] for found in imports(source)}
    cython = {"cython", "cpython", "libc"} if source.path.suffix != ".py" else set()
    assert tops - set(sys.stdlib_module_names) - {"smpp_core"} - cython == set()
    assert tops & NOT_IN_THE_CORE == set()


@of_placed
def test_the_first_line_says_the_place(source: Source) -> None:
    first = source.text.lstrip().splitlines()[0]
    assert first.startswith('"""' + SAYINGS.get(source.place, f"Layer {source.place} of 9: "))


@by_path
def test_a_module_is_short_and_its_name_says_something(source: Source) -> None:
    assert source.path.as_posix() in GENERATED or source.text.count("\n") <= 700
    assert source.path.stem not in NAMES_THAT_SAY_NOTHING


@of_cython
def test_cython_is_written_without_what_is_out_of_date_and_functions_say_what_they_return(source: Source) -> None:
    assert re.findall(r"^\s*(?:DEF|IF)\s.*|^\s*include\s+[\"'].*", source.text, re.MULTILINE) == []
    assert [name for kind, name, _ in functions_in_c(source) if not kind] == []


@of_cython
def test_a_function_that_returns_no_object_says_whether_it_raises(source: Source) -> None:
    in_c = re.compile(r".*\*$|(const )?(u?int\d*_t|int|bint|void|char|long|float|double|size_t|Py_ssize_t|unsigned|enum)\b")
    assert [f"{kind} {name}" for kind, name, rest in functions_in_c(source) if in_c.match(kind) and "except" not in rest] == []


@of_python
def test_python_has_documents_and_swallows_nothing(source: Source) -> None:
    tree = ast.parse(source.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: a bare except"
            broad = isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            does_nothing = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not (broad and does_nothing), f"line {node.lineno}: an exception swallowed whole"
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_no_file_names_a_place_of_this_machine_or_leaves_an_open_end() -> None:
    open_end = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    machine = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
    suffixes = {".py", ".pyx", ".pxd", ".pyi", ".md", ".toml", ".yml", ".sh", ".js", ".in", ""}
    found = []
    for folder in ("smpp_core", "src", "tests", "bench", "docs", ".ci", "."):
        for path in sorted((ROOT / folder).glob("*" if folder == "." else "**/*")):
            if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts and path.name != "LICENSE":
                for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
                    if open_end.search(line) or machine.search(line):
                        found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []
