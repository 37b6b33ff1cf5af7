"""The manual: `make docs` builds it into build/docs."""

import importlib.metadata

project = "smswire"
author = "the authors of smswire"
release = importlib.metadata.version("smswire")
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"smswire {release}"
suppress_warnings = ["misc.highlighting_failure"]  # the grammar of --where has no lexer
