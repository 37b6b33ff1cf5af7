"""Layer 8 of 9: a simulated SMSC: accounts, networks, handsets, fates, receipts, in one scenario file."""
