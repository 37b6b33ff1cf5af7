"""One loop of one codec, run N times, for callgrind: python bench/counted.py smswire decode 4. Prints how many items went through.

Works are those of peers.Peer, or the name of an attribute to read of each PDU that smswire decodes. The codec "empty" loops over nothing.
"""

import sys

import corpus
import peers

import smpp_core

ITEMS = 500


def main() -> None:
    """The command line: codec, work, rounds."""
    name, work, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    submits = corpus.to_build(ITEMS) if work == "build" else []
    frames = corpus.submits(ITEMS)
    if name == "empty":
        loop = _empty(frames)
    elif work in ("decode", "read4", "build"):
        loop = getattr(peers.make(name), work)(submits or frames)
    else:
        loop = _attribute(frames, work)
    loop()
    for _ in range(rounds):
        loop()
    print(rounds * ITEMS)


def _empty(frames: list[bytes]) -> peers.Loop:
    def loop() -> None:
        for _ in frames:
            pass
    return loop


def _attribute(frames: list[bytes], name: str) -> peers.Loop:
    # Written out, so that no getattr() is counted with it.
    space: dict[str, peers.Loop] = {}
    lines = f"def loop(call=call, frames=frames):\n for frame in frames:\n  call(frame).{name}"
    exec(lines, {"call": smpp_core.decode, "frames": frames}, space)
    return space["loop"]


if __name__ == "__main__":
    main()
