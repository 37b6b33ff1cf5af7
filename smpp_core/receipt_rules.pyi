"""Stubs of smpp_core.receipt_rules: nothing of it is called from Python."""

__all__: list[str]
