"""What is installed: the wheel's own files, from the wheel and not from the source tree; and what importing it pulls in."""

import importlib.metadata
import importlib.util
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from pathlib import Path

import pytest

import smpp_core
import smswire

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
# Cython puts these into sys.modules for its own use.
OF_CYTHON = re.compile(r"cython_runtime|_cython_[\w]+")
NOT_IN_THE_CORE = ("asyncio", "logging", "socket", "ssl", "selectors", "multiprocessing")


def sources(folder: str, *suffixes: str) -> set[str]:
    """Files of the source tree, named as the wheel names them."""
    base = ROOT / "src" if folder == "smswire" else ROOT
    return {path.relative_to(base).as_posix() for path in (base / folder).rglob("*") if path.suffix in suffixes or path.name in suffixes}


def packaged() -> set[str]:
    files = importlib.metadata.files("smswire")
    assert files is not None
    return {str(file) for file in files if file.parts[0] in ("smpp_core", "smswire") and file.suffix != ".pyc"}


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a statement loads in a new interpreter."""
    code = f"import json, sys; before = set(sys.modules)\n{statement}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def strangers(modules: set[str]) -> set[str]:
    """Those of neither the core nor the standard library."""
    ours = {"smpp_core", *sys.stdlib_module_names}
    return {name for name in modules if name.partition(".")[0] not in ours and not OF_CYTHON.fullmatch(name)}


def test_the_packages_under_test_are_the_installed_ones() -> None:
    installed = Path(sysconfig.get_path("platlib")).resolve()
    for package in (smpp_core, smswire):
        assert package.__file__ is not None
        assert Path(package.__file__).resolve().parents[1] == installed, "the source tree hides the installed package: use `make test`"


def test_every_module_of_the_core_that_can_be_compiled_is_compiled() -> None:
    for name in sorted(sources("smpp_core", ".pyx")):
        spec = importlib.util.find_spec(name.removesuffix(".pyx").replace("/", "."))
        assert spec is not None and spec.origin is not None and spec.origin.endswith(SUFFIX), name


def test_the_wheel_carries_code_declarations_stubs_and_markers_and_nothing_else() -> None:
    compiled = {name.removesuffix(".pyx") + SUFFIX for name in sources("smpp_core", ".pyx")}
    assert packaged() == compiled | sources("smpp_core", ".py", ".pxd", ".pyi", "py.typed") | sources("smswire", ".py", ".toml", "py.typed")
    assert {"smpp_core/py.typed", "smswire/py.typed", "smpp_core/__init__.pxd"} <= packaged()


def test_every_compiled_module_has_stubs() -> None:
    assert {name[:-4] for name in sources("smpp_core", ".pyx")} == {name[:-4] for name in sources("smpp_core", ".pyi")}


def test_the_versions_agree() -> None:
    assert smswire.__version__ == PROJECT["version"] == importlib.metadata.version("smswire")


def test_the_command_is_installed() -> None:
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="smswire")
    assert callable(entry.load())


def test_base_dependencies_are_imported_somewhere_in_the_package() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    for requirement in PROJECT["dependencies"]:
        found = re.match(r"[\w-]+", requirement)
        assert found is not None
        name = {"hdrhistogram": "hdrh", "argon2-cffi": "argon2"}.get(found[0], found[0].replace("-", "_"))
        assert re.search(rf"^\s*(import|from) {name}\b", text, re.MULTILINE), f"nothing imports {requirement}"


def test_importing_the_core_needs_nothing_but_the_standard_library() -> None:
    modules = modules_after("import smpp_core")
    assert "smpp_core.pdu" in modules
    assert strangers(modules) == set()


def test_no_module_of_the_core_loads_sockets_loops_or_logs_or_anything_of_others() -> None:
    walk = "import pkgutil, importlib\nfor m in pkgutil.walk_packages(smpp_core.__path__, 'smpp_core.'): importlib.import_module(m.name)"
    already = modules_after("import pkgutil, importlib")
    modules = modules_after(f"import smpp_core\n{walk}") - already
    assert {name.removesuffix(".pyx").replace("/", ".") for name in sources("smpp_core", ".pyx")} <= modules
    assert strangers(modules) == set()
    assert modules.isdisjoint(NOT_IN_THE_CORE)


def test_importing_smswire_costs_no_library_of_others() -> None:
    assert {name.partition(".")[0] for name in modules_after("import smswire")} <= {"smswire", *sys.stdlib_module_names}


def test_all_of_every_module_lists_names_that_exist_each_once() -> None:
    for found in pkgutil.walk_packages(smpp_core.__path__, "smpp_core."):
        module = importlib.import_module(found.name)
        names = getattr(module, "__all__", [])
        assert len(names) == len(set(names)), found.name
        assert [name for name in names if not hasattr(module, name)] == [], found.name


def test_all_of_the_core_lists_its_public_names() -> None:
    module = type(smpp_core)
    public = {name for name, value in vars(smpp_core).items() if not name.startswith("_") and not isinstance(value, module)}
    assert public <= set(smpp_core.__all__)


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the sdist, without its top folder."""
    pytest.importorskip("build")
    pytest.importorskip("Cython")
    folder = tmp_path_factory.mktemp("sdist")
    made = ("smpp_core", "src", "tests", "bench", "docs")
    for name in made:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / "tree" / name, ignore=shutil.ignore_patterns("__pycache__", "captures"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder / "tree")
    subprocess.run(
        [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(folder / "dist"), str(folder / "tree")],
        check=True, capture_output=True, env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    (archive,) = (folder / "dist").iterdir()
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def test_the_sdist_holds_all_that_building_and_testing_need(sdist: set[str]) -> None:
    assert {"setup.py", "pyproject.toml", "README.md", "LICENSE", "Makefile", "tests/conftest.py", "tests/test_packaging.py"} <= sdist
    assert sources("smpp_core", ".py", ".pyx", ".pxd", ".pyi", "py.typed") <= sdist
    assert {f"src/{name}" for name in sources("smswire", ".py", "py.typed")} <= sdist


def test_the_sdist_holds_nothing_that_is_made(sdist: set[str]) -> None:
    made = {name for name in sdist if name.endswith((".c", ".so", ".pyd", ".pyc")) or name.partition("/")[0] in ("build", "dist", ".venv")}
    assert made == set()


def test_a_user_sees_the_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "use.py").write_text(
        "import smpp_core as smpp\n"
        "pdu = smpp.SubmitSm(destination_addr='385', short_message=b'Hi', tlvs=[(0x1456, b'c'), ('campaign_id', 'c')])\n"
        "reveal_type(pdu.destination_addr)\n"
        "reveal_type(pdu.reply(message_id='1'))\n"
        "reveal_type(pdu.replace(priority_flag=1))\n"
        "reveal_type(smpp.decode(bytes(pdu)).receipted_message_id)\n"
        "smpp.SubmitSm(short_message='text')\n"
        "smpp.SubmitSm(sm_length=4)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-m", "mypy", "--strict", "use.py"], cwd=tmp_path, capture_output=True, text=True)
    lines = [line.removeprefix("use.py:") for line in done.stdout.splitlines()]
    assert [line.partition('"')[2].rstrip('"') for line in lines if "Revealed" in line] == [
        "str | None", "smpp_core.commands.SubmitSmResp", "smpp_core.commands.SubmitSm", "str | None",
    ]
    assert [line.partition(":")[0] for line in lines if ": error: " in line] == ["7", "8"]
