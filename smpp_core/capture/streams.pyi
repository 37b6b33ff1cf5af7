"""Stubs of smpp_core.capture.streams: nothing of it is called from Python."""

__all__: list[str]
