"""Layer 7 of 9: the vendor's HTTP API of 2014: typed documents, their codecs, and two clients."""
