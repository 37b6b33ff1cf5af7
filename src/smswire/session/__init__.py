"""Layer 6 of 9: the SMPP session: a machine without I/O, and the asyncio client and server upon it."""
