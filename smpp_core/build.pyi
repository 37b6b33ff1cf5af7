"""Stubs of smpp_core.build: nothing of it is called from Python."""

__all__: list[str]
