"""Stubs of smpp_core.receipt_scan: nothing of it is called from Python."""

__all__: list[str]
