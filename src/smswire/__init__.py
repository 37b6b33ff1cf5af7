"""smswire: a protocol toolkit for SMS over SMPP 3.4 (`smpp_core` below it reads and writes the octets).

Importing it costs nothing: its parts are loaded by those who name them.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
