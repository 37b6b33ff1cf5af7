"""The drawing of the session states and its page are what the tables give now."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_drawing_and_the_page_are_drawn_from_the_tables() -> None:
    done = subprocess.run([sys.executable, ROOT / "docs" / "draw_states.py", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
