"""Layer 0 of 9: the protocol as tables of plain data; imports nothing of its parent."""
