"""Draws the session states from the tables: docs/states.svg and docs/states.md. `--check` only compares, and exits 1 on a difference.

    PYTHONPATH=src:. python docs/draw_states.py
"""

import sys
from pathlib import Path
from xml.sax.saxutils import escape

from smpp_core.spec.commands import COMMANDS
from smswire.session.states import BOUND, CLOSED, ROLES, STATES, UNBINDING, Role, allowed, following

HERE = Path(__file__).parent
# Where each state stands: centre, in units of the drawing.
PLACES = {
    "OPEN": (90, 190), "OUTBOUND": (90, 60), "BOUND_TX": (420, 60), "BOUND_TRX": (420, 190), "BOUND_RX": (420, 320),
    "UNBINDING": (690, 190), "CLOSED": (690, 320),
}
WIDTH, HEIGHT, BOX, TALL = 790, 370, 120, 40
STYLE = (
    "text{font:13px sans-serif;fill:#222} .edge{font-size:11px;fill:#555} rect{fill:#eef4fb;stroke:#356;rx:8}"
    " path{fill:none;stroke:#777;marker-end:url(#tip)} svg{background:#fff}"
)


def edges() -> dict[tuple[str, str], list[str]]:
    """(from, to): the commands that lead there, with who sends them."""
    found: dict[tuple[str, str], list[str]] = {}
    for state in STATES:
        for role in ROLES:
            for command_id in sorted(allowed(role, state) | ({0x80000006} if state == UNBINDING else set())):
                name = COMMANDS[command_id].name
                after = following(state, name)
                if after == state or name == "unbind_resp" and state != UNBINDING:
                    continue
                words = found.setdefault((state, after), [])
                sender = "either" if name.startswith("unbind") else role
                label = f"{name} ({sender})"
                if label not in words:
                    words.append(label)
    return found


def edge_of(start: str, end: str) -> tuple[str, int, float]:
    """The path between two boxes, and where its words go: beside an upright one, else above the box where it ends."""
    (x1, y1), (x2, y2) = PLACES[start], PLACES[end]
    if abs(x2 - x1) < BOX:
        sign = 1 if y2 > y1 else -1
        return f"M{x1} {y1 + sign * TALL // 2} L{x2} {y2 - sign * (TALL // 2 + 4)}", x1, (y1 + y2) / 2
    return f"M{x1 + BOX // 2} {y1} L{x2 - BOX // 2 - 4} {y2}", x2, y2 - TALL / 2 - 8


def svg() -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img"'
        ' aria-label="States of an SMPP session">',
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="3" orient="auto">'
        '<path d="M0 0 L6 3 L0 6" style="marker-end:none"/></marker></defs>',
    ]
    written = set()
    for (start, end), labels in edges().items():
        path, x, y = edge_of(start, end)
        lines.append(f'<path d="{path}"/>')
        for label in labels:
            if (label, end) not in written:
                written.add((label, end))
                lines.append(f'<text class="edge" x="{x}" y="{y}" text-anchor="middle">{escape(label)}</text>')
    for state, (x, y) in PLACES.items():
        lines.append(f'<rect x="{x - BOX / 2}" y="{y - TALL / 2}" width="{BOX}" height="{TALL}"/>')
        lines.append(f'<text x="{x}" y="{y + 5}" text-anchor="middle">{state}</text>')
    return "\n".join([*lines, "</svg>", ""])


def names(role: Role, state: str) -> str:
    return " ".join(COMMANDS[command_id].name for command_id in sorted(allowed(role, state)) if command_id < 0x80000000) or "-"


def page() -> str:
    rows = "\n".join(f"| {state} | {names('esme', state)} | {names('smsc', state)} |" for state in STATES)
    return f"""# Session states

Drawn from the rows of `smpp_core/spec/commands.py` by `docs/draw_states.py`; do not edit. SMPP 3.4 2.2 and 2.3.

![States of an SMPP session](states.svg)

A bind's response leads on only if its command_status is 0. UNBINDING is the state of the side that has sent unbind: it sends nothing
more but unbind_resp; its peer is still in {", ".join(sorted(BOUND))} until it reads the unbind. A lost connection leads from
everywhere to {CLOSED}.

## Requests that each side may send

Their responses may be sent by the other side in the same states; enquire_link_resp and generic_nack in any but {UNBINDING} and {CLOSED}.

| state | ESME | SMSC |
|---|---|---|
{rows}
"""


def main() -> int:
    differing = 0
    for path, text in ((HERE / "states.svg", svg()), (HERE / "states.md", page())):
        if "--check" in sys.argv:
            if not path.exists() or path.read_text("utf-8") != text:
                print(f"{path} is not what docs/draw_states.py draws", file=sys.stderr)
                differing = 1
        else:
            path.write_text(text, "utf-8")
    return differing


if __name__ == "__main__":
    sys.exit(main())
