"""smpplib as a client of the interop script: peer_smpplib.py client SCRIPT."""

import logging
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import smpplib.client
from exchange import Message, Script, read, report
from smpplib import consts, exceptions, smpp

ADDRESSES = {"source_addr_ton": consts.SMPP_TON_ALNUM, "dest_addr_ton": consts.SMPP_TON_INTL, "dest_addr_npi": consts.SMPP_NPI_ISDN}


class Peer:
    """A session: sends requests, answers what comes in, keeps the responses until they are asked for."""

    def __init__(self, script: Script) -> None:
        context = None
        if script.ca:
            context = ssl.create_default_context(cafile=script.ca)
            context.check_hostname = False  # it tells no name when it wraps its socket
        self.client = smpplib.client.Client(script.host, script.port, timeout=10, ssl_context=context, allow_unknown_opt_params=True)
        self.client.connect()
        self.delivered = 0
        self.unbound = False
        self.responses: dict[int, Any] = {}

    def read(self) -> None:
        pdu = self.client.read_pdu()
        if pdu.command == "deliver_sm":
            self.delivered += 1
            told = {"source": pdu.source_addr.decode(), "destination": pdu.destination_addr.decode(), "esm_class": pdu.esm_class}
            receipted = (pdu.receipted_message_id or b"").decode() or None
            report("delivered", octets=pdu.short_message or b"", data_coding=pdu.data_coding, receipted=receipted, **told)
            answer = smpp.make_pdu("deliver_sm_resp", client=self.client)
        elif pdu.command == "enquire_link":
            report("enquired")
            answer = smpp.make_pdu("enquire_link_resp", client=self.client)
        elif pdu.command == "unbind":
            self.unbound = True
            answer = smpp.make_pdu("unbind_resp", client=self.client)
        else:
            self.responses[pdu.sequence] = pdu
            return
        answer.sequence = pdu.sequence
        self.client.send_pdu(answer)

    def response(self, sequence: int) -> Any:
        while sequence not in self.responses:
            self.read()
        return self.responses.pop(sequence)

    def ask(self, command: str, **values: Any) -> Any:
        pdu = smpp.make_pdu(command, client=self.client, **values)
        self.client.send_pdu(pdu)
        return self.response(pdu.sequence)

    def send(self, message: Message) -> int:
        tlv = {"user_message_reference": int.from_bytes(message.value)} if message.tag == 0x0204 else {}
        fields = {"source_addr": message.source, "destination_addr": message.destination, "esm_class": message.esm_class}
        pdu = self.client.send_message(
            short_message=message.octets, data_coding=message.data_coding, registered_delivery=1, **fields, **ADDRESSES, **tlv,
        )
        return int(pdu.sequence)

    def submitted(self, key: str, sequence: int) -> str:
        answer = self.response(sequence)
        message_id = (answer.message_id or b"").decode()
        report("submitted", key=key, status=answer.status, message_id=message_id)
        return message_id


@contextmanager
def bound(script: Script, kind: str) -> Iterator[Peer]:
    peer = Peer(script)
    getattr(peer.client, f"bind_{kind}")(system_id=script.system_id, password=script.password)
    report("bound", kind=kind)
    yield peer


def client(script: Script) -> None:
    peer = Peer(script)
    try:
        peer.client.bind_transceiver(system_id=script.system_id, password=script.wrong)
    except exceptions.PDUError as error:
        report("refused", status=error.args[1])
    peer.client.disconnect()
    for kind in ("transmitter", "receiver"):
        with bound(script, kind) as peer:
            while kind == "receiver" and peer.delivered < len(script.inbound):
                peer.read()
            peer.ask("enquire_link")
            report("alive")
            peer.client.unbind()
            peer.client.disconnect()
            report("closed", by="peer")
    with bound(script, "transceiver") as peer:
        flying: list[tuple[str, int]] = []
        ids = []
        for message in script.messages:
            if len(flying) == script.window:
                ids.append(peer.submitted(*flying.pop(0)))
            flying.append((message.key, peer.send(message)))
        ids += [peer.submitted(*one) for one in flying]
        while peer.delivered < script.expect:
            peer.read()
        peer.ask("enquire_link")
        report("alive")
        first = script.messages[0]
        answer = peer.ask("query_sm", message_id=ids[0], source_addr=first.source, source_addr_ton=consts.SMPP_TON_ALNUM)
        report("queried", status=answer.status, message_id=answer.message_id.decode(), state=answer.message_state)
        addresses = {"source_addr": first.source, "destination_addr": first.destination, **ADDRESSES}
        answer = peer.ask("data_sm", data_coding=4, message_payload=b"data_sm", **addresses)
        report("data", status=answer.status, message_id=answer.message_id.decode())
        peer.client._socket.sendall(script.unknown)
        sequence = int.from_bytes(script.unknown[12:16])
        report("nacked", status=peer.response(sequence).status, sequence=sequence)
        peer.submitted("hangup", peer.send(first._replace(destination=script.hangup, octets=b"", tag=0)))
        while not peer.unbound:
            peer.read()
        report("unbound")
        try:
            peer.read()
        except exceptions.ConnectionError:
            report("closed", by="server")
        peer.client.disconnect()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    client(read(sys.argv[2]))
