"""naz as a client of the interop script: peer_naz.py client SCRIPT. It binds as a transceiver only."""

import asyncio
import logging
import sys
from contextlib import suppress
from typing import Any

import naz
from exchange import Message, Script, read, report

UDHI = 0x40
# Its own names of what it reads -> ours.
EVENTS = {"enquire_link": "enquired", "enquire_link_resp": "alive", "unbind": "unbound", "unbind_resp": "left", "generic_nack": "nacked"}


class Seen(naz.hooks.BaseHook):
    """What it reads, as reports and as counts that can be waited for."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.changed = asyncio.Condition()

    async def to_smsc(self, smpp_command: str, log_id: str, hook_metadata: str, pdu: bytes) -> None:
        """Nothing is told."""

    async def from_smsc(self, smpp_command: str, log_id: str, hook_metadata: str, status: Any, pdu: bytes) -> None:
        told: dict[str, Any] = {"status": status.value}
        if smpp_command == "bind_transceiver_resp":
            event = "refused" if status.value else "bound"
        elif smpp_command == "submit_sm_resp":
            event = "submitted"
            told |= {"key": log_id, "message_id": pdu[16:-1].decode()}
        elif smpp_command == "deliver_sm":
            event = "delivered"
            told["raw"] = pdu
        else:
            event = EVENTS[smpp_command]
            told["sequence"] = int.from_bytes(pdu[12:16])
        report(event, **told)
        async with self.changed:
            self.counts[event] = self.counts.get(event, 0) + 1
            self.changed.notify_all()

    async def wait(self, event: str, count: int = 1) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.counts.get(event, 0) >= count)


def submit_sm(message: Message, **tlvs: int) -> naz.protocol.SubmitSM:
    if message.tag == 0x0204:
        tlvs["user_message_reference"] = int.from_bytes(message.value)
    encoding = "ucs2" if message.data_coding == 8 else "gsm0338"
    return naz.protocol.SubmitSM(
        short_message=message.text, source_addr=message.source, destination_addr=message.destination, log_id=message.key, service_type="",
        source_addr_ton=5, source_addr_npi=0, esm_class=0, registered_delivery=1, encoding=encoding, **tlvs,
    )


def connect(script: Script, password: str) -> tuple[naz.Client, Seen]:
    quiet = logging.getLogger("naz")
    quiet.setLevel(logging.CRITICAL)
    seen = Seen()
    made = naz.Client(
        script.host, script.port, script.system_id, password, naz.broker.SimpleBroker(), hook=seen, logger=quiet, socket_timeout=0.2,
        drain_duration=0.1,
    )
    return made, seen


async def client(script: Script) -> None:
    naz_client, seen = connect(script, script.wrong)
    await naz_client.connect()
    await naz_client.tranceiver_bind()
    await naz_client.receive_data(TESTING=True)
    naz_client.writer.close()
    for ends in ("peer", "server"):
        naz_client, seen = connect(script, script.password)
        await naz_client.connect()
        await naz_client.tranceiver_bind()
        tasks = [asyncio.create_task(naz_client.receive_data()), asyncio.create_task(naz_client.dequeue_messages())]
        await seen.wait("bound")
        if ends == "peer":
            await seen.wait("delivered", len(script.inbound))
            await naz_client.enquire_link(TESTING=True)
            await seen.wait("alive")
            await naz_client.unbind()
            await seen.wait("left")
        else:
            await run(script, naz_client, seen)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        naz_client.writer.close()
        report("closed", by=ends)


async def run(script: Script, naz_client: naz.Client, seen: Seen) -> None:
    parts = [message for message in script.messages if message.esm_class & UDHI]
    for message in script.messages:
        sar = {}
        # It writes text only, so the segments are told by TLVs.
        if message in parts:
            sar = {"sar_msg_ref_num": 7, "sar_total_segments": len(parts), "sar_segment_seqnum": parts.index(message) + 1}
        await naz_client.broker.enqueue(submit_sm(message, **sar))
    await seen.wait("submitted", len(script.messages))
    await seen.wait("delivered", script.expect)
    await naz_client.enquire_link(TESTING=True)
    await seen.wait("alive")
    naz_client.writer.write(script.unknown)
    await seen.wait("nacked")
    await naz_client.broker.enqueue(submit_sm(script.messages[0]._replace(key="hangup", destination=script.hangup)))
    await seen.wait("unbound")


if __name__ == "__main__":
    asyncio.run(client(read(sys.argv[2])))
