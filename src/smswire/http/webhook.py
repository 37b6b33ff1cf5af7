"""Layer 7 of 9: the headers of a push, and their signature (decision V43; the Standard Webhooks scheme, HMAC-SHA256)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from .errors import ApiError, DocumentError
from .send_response import CONTENT_TYPES_STANDARD

__all__ = ["MOST_PUSHED", "TOLERANCE", "UnsignedPush", "push_headers", "verify_push"]

# Reports of one push (V43).
MOST_PUSHED: Final = 100
# How far the sender's clock may be from ours; later, and a copy of an old push is refused.
TOLERANCE: Final = timedelta(minutes=5)
# The points of what is signed must be unmistakable: an id has none.
_ID: Final = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP: Final = re.compile(r"\d{1,12}", re.ASCII)
_PREFIX: Final = "whsec_"
# A sender that changes its secret signs with two.
_MOST_SIGNATURES: Final = 10


class UnsignedPush(ApiError, ValueError):
    """A push whose headers do not prove that its sender knows the secret. Its text says why, and is safe to log."""


def push_headers(body: bytes, *, webhook_id: str, timestamp: float, form: str = "xml", secret: str | bytes | None = None) -> dict[str, str]:
    """The headers of a push, names in lower case: content-type, webhook-id, webhook-timestamp, and webhook-signature if there is a secret.

    webhook_id: the same in every try of one push, 1-255 printable ASCII characters without a point. timestamp: of this try, seconds since
    1970. form: "xml" or "json", as the body is. secret: base64, with or without `whsec_`; bytes are the key itself.
    Raises DocumentError (-23) for an id, time or secret that cannot be used.
    """
    if not _ID.fullmatch(webhook_id):
        raise DocumentError("a webhook id has 1 to 255 printable ASCII characters, and no point or blank", status=-23)
    if not 0 <= timestamp < 1e12:
        raise DocumentError("a time is no number of seconds since 1970", status=-23)
    when = str(int(timestamp))
    headers = {"content-type": CONTENT_TYPES_STANDARD[form], "webhook-id": webhook_id, "webhook-timestamp": when}
    if secret is not None:
        headers["webhook-signature"] = _signature(webhook_id, when, body, _key(secret))
    return headers


def verify_push(
    headers: Mapping[str, str], body: bytes, secret: str | bytes, now: float, tolerance: timedelta = TOLERANCE,
) -> str:
    """Prove that a push comes from who knows the secret, and lately. Returns its webhook-id: one that was seen before is a repeat.

    headers: names in any case. body: the octets as they came. secret: as in `push_headers`. now: seconds since 1970. tolerance: of the
    clocks, both ways. Signatures are compared in constant time.
    Raises UnsignedPush; DocumentError (-23) for a secret that cannot be used.
    """
    key = _key(secret)
    wanted = {name.lower(): value for name, value in headers.items() if name.lower().startswith("webhook-")}
    webhook_id, when, signatures = (wanted.get(f"webhook-{name}", "").strip() for name in ("id", "timestamp", "signature"))
    if not webhook_id or not when or not signatures:
        raise UnsignedPush("a header is missing: webhook-id, webhook-timestamp or webhook-signature")
    if not _ID.fullmatch(webhook_id) or not _TIMESTAMP.fullmatch(when):
        raise UnsignedPush("webhook-id or webhook-timestamp has a form that it cannot have")
    given = signatures.split()
    if len(given) > _MOST_SIGNATURES:
        raise UnsignedPush(f"there are over {_MOST_SIGNATURES} signatures")
    expected = _signature(webhook_id, when, body, key).encode()
    # Every one is compared, so that the time says nothing about which.
    matches = [hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in given]
    if not any(matches):
        raise UnsignedPush("no signature is that of this body, id and time")
    if not abs(now - int(when)) <= tolerance.total_seconds():
        raise UnsignedPush("the push was signed too long ago, or in the future")
    return webhook_id


def _signature(webhook_id: str, when: str, body: bytes, key: bytes) -> str:
    digest = hmac.digest(key, f"{webhook_id}.{when}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _key(secret: str | bytes) -> bytes:
    if isinstance(secret, str):
        try:
            secret = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise DocumentError("the secret is not base64", status=-23) from None
    if not secret:
        raise DocumentError("the secret is empty", status=-23)
    return secret
