"""Commands, above layer 9: `smswire send --http`: the same messages by the vendor's HTTP API."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import click

from smpp_core import SmppError

from ..http.batch import PartlySent
from ..http.client import HttpClient
from ..http.report import Report
from ..http.request import Recipient, SendMessage
from ..http.response import SendResponse, SendResult
from ..http.value import LONGEST_VALIDITY
from ..message.compose import Composition
from ..message.message import Message
from .connecting import one_line, run
from .http_access import client_of, refused
from .options import Failure
from .progress import counted, over_bar
from .shown import safe

__all__ = ["send_over_http"]

_DATACODING: Final = {"latin1": 3, "ucs2": 8}
_PAUSE: Final = 1.0  # seconds between pulls
_LONGEST_SCHEDULE: Final = timedelta(days=365)


def send_over_http(url: str, password: str | None, messages: Sequence[Message], composition: Composition, options: dict[str, Any]) -> int:
    """Send what `smswire send` has checked, all in as few calls as the API allows. Returns the exit code. Raises Failure."""
    client = client_of(url, None, password, cafile=options["cafile"], insecure=options["insecure"], timeout=options["timeout"])
    course = _Course(client, _request(messages, composition, options), composition, options)
    try:
        run(course.go())
    except KeyboardInterrupt:
        click.echo(f"interrupted: {course.left}", err=True)
        return 130
    except SmppError as error:
        raise Failure(refused(error)) from None
    return 0 if course.good == len(messages) else 1


def _request(messages: Sequence[Message], composition: Composition, options: dict[str, Any]) -> SendMessage:
    """One message to all receivers."""
    first = messages[0]
    validity, schedule = first.validity, first.schedule
    if isinstance(validity, timedelta) and (validity > LONGEST_VALIDITY or validity % timedelta(minutes=1)):
        raise Failure("--validity: over HTTP it is whole minutes, and 48 hours at most")
    if isinstance(schedule, timedelta) and schedule > _LONGEST_SCHEDULE:
        raise Failure("--schedule: over HTTP it is 365 days at most")
    return SendMessage(
        sender=first.sender.value if first.sender is not None else "", text=first.text, flash=first.flash,
        type="longSMS" if len(composition.parts) > 1 else "", datacoding=_DATACODING.get(composition.encoding),
        send_date_time=schedule if isinstance(schedule, timedelta) else None,
        validity_period=validity if isinstance(validity, timedelta) else None,
        campaign_id=first.campaign_id or "", nopush=options["wait"], recipients=[Recipient(message.to.value) for message in messages],
    )


class _Course:
    """The messages on their way."""

    def __init__(self, client: HttpClient, message: SendMessage, composition: Composition, options: dict[str, Any]) -> None:
        self.client = client
        self.message = message
        self.composition = composition
        self.wait: bool = options["wait"]
        self.timeout: float = options["timeout"]
        self.json: bool = options["form"] == "json"
        self.good = self.done = 0
        self.waiting: dict[str, SendResult] = {}

    @property
    def left(self) -> str:
        """How far it got, in words."""
        total = len(self.message.recipients)
        accepted = f", {len(self.waiting)} of them are accepted" if self.waiting else ""
        return f"{total - self.done} of {total} messages have no end yet{accepted}"

    async def go(self) -> None:
        async with self.client:
            with counted("sending", len(self.message.recipients), lambda: (self.done, "")):
                try:
                    await self._go()
                except (asyncio.CancelledError, SmppError) as error:
                    reason = refused(error) if isinstance(error, SmppError) else "interrupted"
                    for id, result in self.waiting.items():  # the ids are all that is left to ask by
                        self._print(result.destination, "SENT", id, reason)
                    raise

    async def _go(self) -> None:
        try:
            self._sent(await self.client.send([self.message]))
        except PartlySent as error:
            self._sent(error.response)
            raise
        loop = asyncio.get_running_loop()
        end = loop.time() + self.timeout
        while self.waiting:
            for report in await self.client.reports(list(self.waiting)[:10_000]):
                self._reported(report)
            if self.waiting and loop.time() >= end:
                break
            if self.waiting:
                await asyncio.sleep(min(_PAUSE, max(end - loop.time(), 0)))
        for result in list(self.waiting.values()):
            self._ended(result, "SENT", f"no report within {self.timeout:g} s", False)

    def _sent(self, response: SendResponse) -> None:
        for result in response.results:
            if result.accepted and self.wait:
                self.waiting[result.message_id] = result
            elif result.accepted:
                self._ended(result, "SENT", "", True)
            else:
                self._ended(result, "REJECTED", f"{result.row.name} ({result.status}): {result.row.meaning}", False)

    def _reported(self, report: Report) -> None:
        result = self.waiting.pop(report.id, None)
        if result is not None:
            error = report.error
            good = report.status == "DELIVERED"
            reason = f"{error.name} ({error.value}): {error.meaning}" if report.gsm_error and not good else ""
            self._ended(result, report.status, reason, good)

    def _ended(self, result: SendResult, state: str, reason: str, good: bool) -> None:
        self.waiting.pop(result.message_id, None)
        self.done += 1
        self.good += good
        self._print(result.destination, state, result.message_id, reason)

    def _print(self, to: str, state: str, id: str, reason: str) -> None:
        sys.stdout.write(over_bar())
        if self.json:
            record = {
                "to": to, "state": state, "message_ids": [id] if id else [], "segments": len(self.composition.parts),
                "encoding": self.composition.encoding, "reason": reason,
            }
            sys.stdout.write(one_line(record))
        else:
            sys.stdout.write(safe("  ".join(filter(None, (to, state, id, reason)))) + "\n")
        sys.stdout.flush()
