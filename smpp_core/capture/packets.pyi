"""Stubs of smpp_core.capture.packets."""

from collections.abc import Iterator
from typing import final

from .files import PacketFile

__all__ = ["Dissector"]

@final
class Dissector:
    @property
    def segments(self) -> int: ...
    @property
    def others(self) -> int: ...
    @property
    def damaged(self) -> int: ...
    @property
    def fragments(self) -> int: ...
    @property
    def lost_datagrams(self) -> int: ...
    def segments_of(self, file: PacketFile) -> Iterator[tuple[int, bytes, int, bytes, int, int, int, int, int, bytes]]: ...
