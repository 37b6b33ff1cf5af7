"""Layer 0 of 9: the first octets of other protocols that end up on SMPP ports."""

# (first octets, name); the length field of SMPP would be absurd in each of them.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"HTTP/", "HTTP"),
    (b"GET ", "HTTP"),
    (b"POST", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"HEAD", "HTTP"),
    (b"OPTIONS", "HTTP"),
    (b"DELETE", "HTTP"),
    (b"CONNECT", "HTTP"),
    (b"PRI * HTTP/2", "HTTP/2"),
    (b"\x16\x03", "TLS"),
    (b"\x15\x03", "TLS"),
    (b"SSH-", "SSH"),
    (b"AMQP", "AMQP"),
    (b"\x03\x00\x00", "RDP"),
    (b"PROXY ", "PROXY protocol v1"),
    (b"\r\n\r\n\x00\r\nQUIT\n", "PROXY protocol v2"),
    (b"EHLO", "SMTP"),
    (b"HELO", "SMTP"),
    (b"220 ", "SMTP or FTP"),
    (b"*1\r\n", "Redis"),
)


def protocol_of(octets: bytes) -> str:
    """The name of the other protocol that these first octets belong to, "" if none is known; four octets are enough for most."""
    for prefix, name in FOREIGN:
        if octets[: len(prefix)] == prefix[: len(octets)] and len(octets) >= min(4, len(prefix)):
            return name
    return ""
