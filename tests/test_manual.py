"""Every example that the README and the manual show is run: shell sessions with what they print, and Python sessions as doctests."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = f"smswire() {{ {shlex.quote(sys.executable)} -P -m smswire \"$@\"; }}\n"


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(), re.S | re.M) if page.exists() else []


def sessions() -> list[tuple[str, str]]:
    """Commands and what they print, in order."""
    found = []
    for page in PAGES:
        for block in blocks(page, "console"):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, printed = part.partition("\n")
                found.append((command, printed))
    return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the examples are run: they may write files there."""
    place = tmp_path_factory.mktemp("manual")
    (place / "tests").symlink_to(ROOT / "tests")
    return place


@pytest.mark.parametrize(("command", "printed"), sessions(), ids=lambda value: value[:60])
def test_an_example_prints_what_the_page_shows(command: str, printed: str, directory: Path) -> None:
    done = subprocess.run(["bash", "-c", SHELL + command], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    pattern = "".join(r"(?:.*\n)*?" if line == "…\n" else re.escape(line) for line in printed.splitlines(keepends=True))
    assert re.fullmatch(pattern, done.stdout), done.stdout


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "pycon")], ids=lambda page: page.stem)
def test_the_python_of_a_page_gives_what_the_page_shows(page: Path, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory)
    test = doctest.DocTestParser().get_doctest("".join(blocks(page, "pycon")), {}, page.stem, str(page), 0)
    printed: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test, out=printed.append)
    assert not printed, "".join(printed)


def test_there_are_examples_of_both_kinds() -> None:
    assert len(sessions()) > 5
    assert len([page for page in PAGES if blocks(page, "pycon")]) >= 2
