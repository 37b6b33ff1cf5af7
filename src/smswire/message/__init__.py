"""Layer 5 of 9: messages: addresses, encodings, splitting and joining, receipts to messages; import from its modules."""
