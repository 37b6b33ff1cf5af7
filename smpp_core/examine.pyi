"""Stubs of smpp_core.examine: nothing of it is called from Python."""

__all__: list[str]
