"""Layer 7 of 9: the query that pulls delivery reports, and how it is refused (vendor 2.4.2; decisions V2, V39)."""

from __future__ import annotations

from typing import Final

from .credentials import Credentials
from .errors import DocumentError
from .form import Form
from .query_string import dump_query
from .status_body import dump_status

__all__ = ["MOST_PULLED", "PullQuery", "dump_pull", "dump_pull_error", "load_pull"]

# Reports of one answer, and ids of one query.
MOST_PULLED: Final = 10_000


class PullQuery(Credentials, kw_only=True):
    """A pull. messageids: only these messages, whatever their appid; empty: all. appid: only those sent with it; "": those sent without
    one. Both: those of both kinds at once. output: as sent. `missing` is the status of what credentials lack.
    """

    messageids: tuple[str, ...] = ()
    appid: str = ""
    output: str = ""

    @property
    def form(self) -> str:
        """What the answer is written in: "json" if output says so in any case, else "xml"."""
        return "json" if self.output.lower() == "json" else "xml"


def load_pull(query: bytes, body: bytes = b"", content_type: str = "") -> PullQuery:
    """Read a pull by GET or POST: query string and form. Names in any case, user = username, pass = password (V2).

    Several ids stand in a comma list, in repeated parameters, or both; blanks around them and empty ones are dropped, and so are repeats.
    Raises DocumentError (-22) as `Form`, and for over 10,000 ids.
    """
    form = Form.of(query, body, content_type)
    given = ",".join(form.all("messageid"))
    if given.count(",") > 2 * MOST_PULLED:
        raise DocumentError(f"there are over {MOST_PULLED:,} ids", path="messageid")
    ids = tuple(dict.fromkeys(id for part in given.split(",") if (id := part.strip())))
    if len(ids) > MOST_PULLED:
        raise DocumentError(f"there are over {MOST_PULLED:,} ids", path="messageid")
    return PullQuery(
        username=form.first("user", "username"), password=form.first("password", "pass"), messageids=ids,
        appid=form.first("appid").strip(), output=form.first("output").strip(),
    )


def dump_pull(query: PullQuery) -> bytes:
    """Write a pull as query string or urlencoded body, with the document's names. Raises DocumentError (-23) for an id that a comma list
    cannot hold, and for half a surrogate pair.
    """
    for place, id in enumerate(query.messageids):
        if not id or "," in id or id != id.strip():
            raise DocumentError("an id is empty, or has a comma or blanks at its ends", path=f"messageids[{place}]", status=-23)
    return dump_query(
        ("user", query.username), ("password", query.password), ("messageid", ",".join(query.messageids)), ("appid", query.appid),
        ("output", query.output),
    )


def dump_pull_error(status: int) -> bytes:
    """The body that refuses a pull, whatever its output: the number without its sign, as the document prints 5, 10 and 11."""
    return dump_status(abs(status))
