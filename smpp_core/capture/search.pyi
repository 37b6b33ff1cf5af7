"""Stubs of smpp_core.capture.search: nothing of it is called from Python."""

__all__: list[str]
