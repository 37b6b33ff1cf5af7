"""Coverage-guided fuzzing: libFuzzer, through atheris, looks for octets that reach new branches of the compiled core.

    CC=clang python tests/fuzz/guided.py [-max_total_time=60] [-runs=1000000] [other options of libFuzzer]

Needs clang with its runtime (Debian: clang libclang-rt-14-dev) and `pip install atheris`. Builds the core with the sanitizers and with
libFuzzer's counters into build/guided, and starts itself again under their runtime. Frames come from the seeds of target.py.
Exit codes: those of libFuzzer, 2 where a tool is missing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "guided"
HERE = Path(__file__).resolve().parent


def start() -> int:
    """Build, lay the seeds down as files, and start the fuzzer under the sanitizer's runtime."""
    try:
        import atheris
    except ImportError:
        print("guided: atheris is not installed: pip install atheris", file=sys.stderr)
        return 2
    compiler = os.environ.get("CC", "clang")
    if not shutil.which(compiler):
        print(f"guided: there is no {compiler} (Debian: apt install clang libclang-rt-14-dev)", file=sys.stderr)
        return 2
    shutil.rmtree(BUILT, ignore_errors=True)
    built = subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build", "--build-lib", str(BUILT)],
        cwd=ROOT, env={**os.environ, "CC": compiler, "SMSWIRE_SANITIZE": "1", "CFLAGS": "-fsanitize=fuzzer-no-link"},
    )
    if built.returncode:
        return built.returncode
    environment = {
        **os.environ, "LD_PRELOAD": str(Path(atheris.path()) / "asan_with_fuzzer.so"), "PYTHONPATH": f"{BUILT}{os.pathsep}{HERE}",
        "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "SMSWIRE_GUIDED": "1",
    }
    with tempfile.TemporaryDirectory() as corpus:
        return subprocess.run([sys.executable, __file__, "-max_len=400", *sys.argv[1:], corpus], env=environment).returncode


def fuzz() -> None:
    """The process under the runtime: one frame, read in every way, for each input."""
    import atheris
    import target

    for k, frame in enumerate(target.seeds()):
        Path(sys.argv[-1], str(k)).write_bytes(frame)
    turn = 0

    def test_one_input(octets: bytes) -> None:
        nonlocal turn
        turn += 1
        target.read_frame(octets, turn)

    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    if os.environ.get("SMSWIRE_GUIDED"):
        fuzz()
    else:
        sys.exit(start())
