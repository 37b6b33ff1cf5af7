"""Builds the compiled core: an extension for every .pyx under smpp_core, all with one set of directives.

Switches, in the environment: SMSWIRE_DEBUG=1 (not optimised, bounds checked), SMSWIRE_SANITIZE=1 (ASAN and UBSAN), SMSWIRE_COVERAGE=1
(line tracing; with `build_ext --inplace`). Each has its own folder under build/; `build_ext --inplace` needs --force after a switch.
"""

import os
import sys
import zlib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

JOBS = 2
SWITCHED = [name for name in ("debug", "sanitize", "coverage") if os.environ.get(f"SMSWIRE_{name.upper()}", "0") not in ("", "0")]
VARIANT = SWITCHED[0] if SWITCHED else "release"
BUILD = Path("build", VARIANT)

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": VARIANT == "debug",
    "initializedcheck": VARIANT == "debug",
    "wraparound": False,
    "cdivision": True,
    "embedsignature": False,
    "auto_pickle": False,
    "linetrace": VARIANT == "coverage",
}
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
COMPILE = {
    "release": ["-O3", "-g0"],
    "debug": ["-O0", "-g3", "-UNDEBUG"],
    "sanitize": ["-O1", "-g", "-fno-omit-frame-pointer", *SANITIZERS],
    "coverage": ["-O0", "-g"],
}
LINK = {"sanitize": SANITIZERS}
MACROS = {"coverage": [("CYTHON_TRACE", "1"), ("CYTHON_TRACE_NOGIL", "1")]}


def extensions() -> list[Extension]:
    """One extension per .pyx, named by its path."""
    return [
        Extension(
            ".".join(path.with_suffix("").parts),
            [path.as_posix()],
            extra_compile_args=["/O2"] if sys.platform == "win32" else COMPILE[VARIANT],
            extra_link_args=LINK.get(VARIANT, []),
            define_macros=MACROS.get(VARIANT, []),
        )
        for path in sorted(Path("smpp_core").rglob("*.pyx"))
    ]


class BuildExt(build_ext):
    """Translates to C when an extension is really built, so that an sdist holds no generated C."""

    def run(self) -> None:
        from Cython import __version__
        from Cython.Build import cythonize

        # The C files of other settings or of another Cython are not up to date, however new they are.
        settings = zlib.crc32(repr((__version__, DIRECTIVES, COMPILE, LINK, MACROS)).encode())
        made = cythonize(
            [Extension(ext.name, list(ext.sources)) for ext in self.extensions],
            # Cython's coverage plugin looks for the C file beside its source only.
            build_dir=None if VARIANT == "coverage" else str(BUILD / f"c-{settings:08x}"),
            compiler_directives=DIRECTIVES,
            nthreads=JOBS,
            force=self.force or VARIANT == "coverage",
        )
        sources = {ext.name: ext.sources for ext in made}
        for ext in self.extensions:
            ext.sources = sources[ext.name]
        super().run()


class BuildPy(build_py):
    """Takes out of the build folder what an earlier build left there; else it would get into the wheel."""

    def run(self) -> None:
        names = {ext.name for ext in self.distribution.ext_modules}
        for package in self.distribution.packages:
            for path in Path(self.build_lib, *package.split(".")).glob("*"):
                is_extension = path.suffix in (".so", ".pyd") and f"{package}.{path.name.partition('.')[0]}" in names
                if path.is_file() and not is_extension:
                    path.unlink()
        super().run()


if __name__ == "__main__":  # cythonize starts processes that may import this file again
    setup(
        ext_modules=extensions(),
        cmdclass={"build_ext": BuildExt, "build_py": BuildPy},
        options={"build": {"build_base": str(BUILD)}, "build_ext": {"parallel": JOBS}},
    )
