"""Stubs of smpp_core.capture.connections: nothing of it is called from Python."""

__all__: list[str]
