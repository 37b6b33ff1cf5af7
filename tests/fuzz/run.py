"""Random and mutated input against a core built with the address and undefined-behaviour sanitizers.

    python tests/fuzz/run.py --frames 1000000 --jobs 2 [--seed 1] [--seconds 60]

Builds the core with SMSWIRE_SANITIZE=1 into build/fuzz, starts one process per job under the sanitizer's runtime, and prints a table.
A sanitizer's report, an exception outside SmppError, or memory that grows ends a job with an error. Exit codes: 0 clean, 1 a fault was
found (its octets are printed in hex), 2 the sanitizers cannot be used here.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "fuzz"
TARGET = ROOT / "tests" / "fuzz" / "target.py"


def _runtime(compiler: str) -> str:
    """The path of the sanitizer's shared runtime, "" if the compiler has none."""
    path = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    return path if os.path.isabs(path) else ""


def _build() -> None:
    """Compile the core with sanitizers and lay it out as a package of its own, beside nothing else."""
    shutil.rmtree(BUILT, ignore_errors=True)
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build", "--build-lib", str(BUILT)],
        cwd=ROOT, check=True, env={**os.environ, "SMSWIRE_SANITIZE": "1"},
    )


def main() -> int:
    """Build, run the jobs, print what each did."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_000_000, help="inputs over all jobs (default 1,000,000)")
    parser.add_argument("--seconds", type=float, default=0, help="stop after so many seconds, 0 for no limit")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-build", action="store_true", help="use what an earlier run built")
    options = parser.parse_args()
    runtime = _runtime(os.environ.get("CC", "gcc"))
    if not runtime:
        print("fuzz: the compiler has no libasan.so (Debian: libasan, part of gcc)", file=sys.stderr)
        return 2
    if not options.no_build:
        _build()
    environment = {
        **os.environ, "LD_PRELOAD": runtime, "PYTHONPATH": str(BUILT), "PYTHONMALLOC": "malloc", "PYTHONSAFEPATH": "1",
        # Leaks are judged by the growth of the process: the interpreter itself never frees what it holds at exit.
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    started = time.monotonic()
    jobs = [
        subprocess.Popen(
            [sys.executable, str(TARGET), str(options.seed + k), str(options.frames // options.jobs), str(options.seconds)],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
        for k in range(options.jobs)
    ]
    failed = 0
    for k, job in enumerate(jobs):
        output, _ = job.communicate()
        print(f"job {k}: {output.strip()}" if job.returncode == 0 else f"job {k} ended with {job.returncode}\n{output}")
        failed += job.returncode != 0
    print(f"{time.monotonic() - started:.0f} s, {failed} of {len(jobs)} jobs failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
