"""Stubs of smpp_core.layout: nothing of it is called from Python."""

__all__: list[str]
