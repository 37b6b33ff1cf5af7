"""smpp.twisted3 as a client or a server of the interop script, or a client that is called: peer_twisted.py client|server|outbind SCRIPT."""

import sys
from collections.abc import Callable
from io import BytesIO
from typing import Any

from exchange import RECEIPT, Message, Script, read, report
from smpp.pdu import operations
from smpp.pdu.pdu_encoding import DataCodingEncoder, EsmClassEncoder
from smpp.pdu.pdu_types import (
    AddrNpi,
    AddrTon,
    CommandStatus,
    MessageState,
    RegisteredDelivery,
    RegisteredDeliveryReceipt,
)
from smpp.twisted.config import SMPPClientConfig, SMPPServerConfig
from smpp.twisted.protocol import DataHandlerResponse, SMPPClientProtocol, SMPPServerProtocol
from smpp.twisted.server import SMPPServerFactory
from twisted.cred.error import UnauthorizedLogin
from twisted.internet import defer, reactor
from twisted.internet.protocol import ClientFactory

STATUS = {CommandStatus.ESME_ROK: 0, CommandStatus.ESME_RINVPASWD: 0x0E, CommandStatus.ESME_RINVCMDID: 3}
RECEIPT_WANTED = RegisteredDelivery(RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED)
RECEIPT_CLASS = 4


def number(encoder: Any, value: Any) -> int:
    return int(encoder.encode(value)[0])


def value(encoder: Any, octet: int) -> Any:
    return encoder.decode(BytesIO(bytes([octet])))


def content(pdu: Any) -> dict[str, Any]:
    fields = pdu.params
    return {
        "source": fields["source_addr"].decode(), "destination": fields["destination_addr"].decode(),
        "esm_class": number(EsmClassEncoder(), fields["esm_class"]), "data_coding": number(DataCodingEncoder(), fields["data_coding"]),
        "octets": fields["short_message"], "reference": fields.get("user_message_reference"),
        "receipted": fields["receipted_message_id"].decode() if "receipted_message_id" in fields else None,
    }


def body(source: str, destination: str, esm_class: int, data_coding: int, octets: bytes) -> dict[str, Any]:
    return {
        "source_addr_ton": AddrTon.ALPHANUMERIC, "source_addr_npi": AddrNpi.UNKNOWN, "source_addr": source,
        "dest_addr_ton": AddrTon.INTERNATIONAL, "dest_addr_npi": AddrNpi.ISDN, "destination_addr": destination,
        "esm_class": value(EsmClassEncoder(), esm_class), "data_coding": value(DataCodingEncoder(), data_coding), "short_message": octets,
    }


# --- client


class ClientProtocol(SMPPClientProtocol):
    """Reports what the library handles by itself."""

    delivered = 0
    awaited: Callable[[], None] | None = None

    def onPDURequest_enquire_link(self, pdu: Any) -> None:
        report("enquired")
        super().onPDURequest_enquire_link(pdu)

    def onPDURequest_unbind(self, pdu: Any) -> None:
        report("unbound")
        super().onPDURequest_unbind(pdu)

    def PDUResponseReceived(self, pdu: Any) -> None:
        if isinstance(pdu, operations.GenericNack):
            report("nacked", status=STATUS.get(pdu.status), sequence=pdu.seqNum)
            self.nacked.callback(None)
        super().PDUResponseReceived(pdu)

    def deliver(self, _: Any, pdu: Any) -> None:
        self.delivered += 1
        report("delivered", **content(pdu))
        if self.awaited:
            self.awaited()

    def all_delivered(self, count: int) -> Any:
        done: Any = defer.Deferred()

        def look() -> None:
            if self.delivered >= count and not done.called:
                done.callback(None)

        self.awaited = look
        look()
        return done


class Factory(ClientFactory):
    """Gives the protocol when it is connected."""

    protocol = ClientProtocol
    noisy = False

    def __init__(self, script: Script, password: str) -> None:
        self.made: Any = defer.Deferred()
        self.config = SMPPClientConfig(
            host=script.host, port=script.port, username=script.system_id, password=password, enquireLinkTimerSecs=0, inactivityTimerSecs=0,
            responseTimerSecs=10,
        )

    def getConfig(self) -> Any:
        return self.config

    def buildProtocol(self, address: Any) -> Any:
        made = super().buildProtocol(address)
        reactor.callLater(0, self.made.callback, made)
        return made


def connect(script: Script, password: str) -> Any:
    factory = Factory(script, password)
    reactor.connectTCP(script.host, script.port, factory)
    return factory.made


async def bind(smpp: Any, kind: str) -> bool:
    try:
        await (smpp.bindAsTransmitter() if kind == "transmitter" else getattr(smpp, f"bindAs{kind.title()}")(smpp.deliver))
    except Exception as error:
        report("refused", kind=kind, status=STATUS.get(error.response.status))
        return False
    report("bound", kind=kind)
    return True


async def submit(smpp: Any, message: Message) -> str:
    tlv: dict[str, Any] = {}
    if message.tag == 0x0204:
        tlv["user_message_reference"] = int.from_bytes(message.value)
    elif message.tag:
        tlv["custom_tlvs"] = [(message.tag, None, "OctetString", message.value)]
    fields = body(message.source, message.destination, message.esm_class, message.data_coding, message.octets)
    result = await smpp.sendDataRequest(operations.SubmitSM(registered_delivery=RECEIPT_WANTED, **fields, **tlv))
    message_id = result.response.params["message_id"].decode()
    report("submitted", key=message.key, status=STATUS.get(result.response.status), message_id=message_id)
    return str(message_id)


async def client(script: Script) -> None:
    smpp = await connect(script, script.wrong)
    gone = smpp.getDisconnectedDeferred()
    await bind(smpp, "transceiver")
    await gone
    for kind in ("transmitter", "receiver"):
        smpp = await connect(script, script.password)
        gone = smpp.getDisconnectedDeferred()
        await bind(smpp, kind)
        if kind == "receiver":
            await smpp.all_delivered(len(script.inbound))
        await smpp.sendRequest(operations.EnquireLink(), 10)
        report("alive")
        await smpp.unbindAndDisconnect()
        await gone
        report("closed", by="peer")
    smpp = await connect(script, script.password)
    smpp.nacked = defer.Deferred()
    gone = smpp.getDisconnectedDeferred()
    await bind(smpp, "transceiver")
    waiting = list(script.messages)
    ids: list[str] = []

    async def worker() -> None:
        while waiting:
            ids.append(await submit(smpp, waiting.pop(0)))

    await defer.gatherResults([defer.ensureDeferred(worker()) for _ in range(script.window)])
    await smpp.all_delivered(script.expect)
    await smpp.sendRequest(operations.EnquireLink(), 10)
    report("alive")
    first = script.messages[0]
    whom = {"source_addr_ton": AddrTon.ALPHANUMERIC, "source_addr_npi": AddrNpi.UNKNOWN, "source_addr": first.source}
    where = {"dest_addr_ton": AddrTon.INTERNATIONAL, "dest_addr_npi": AddrNpi.ISDN, "destination_addr": first.destination}
    result = await smpp.sendDataRequest(operations.QuerySM(message_id=ids[0], **whom))
    state = 2 if result.response.params["message_state"] == MessageState.DELIVERED else 0
    report("queried", status=STATUS.get(result.response.status), message_id=result.response.params["message_id"].decode(), state=state)
    result = await smpp.sendDataRequest(operations.CancelSM(message_id=ids[0], **whom, **where))
    report("cancelled", status=STATUS.get(result.response.status))
    # Its own message_payload is written with the length of the TLV that it read last.
    payload = [(0x0424, None, "OctetString", b"data_sm")]
    result = await smpp.sendDataRequest(operations.DataSM(data_coding=value(DataCodingEncoder(), 4), custom_tlvs=payload, **whom, **where))
    report("data", status=STATUS.get(result.response.status), message_id=result.response.params["message_id"].decode())
    smpp.transport.write(script.unknown)
    await smpp.nacked
    await submit(smpp, first._replace(key="hangup", destination=script.hangup, octets=b"", tag=0))
    await gone
    report("closed", by="server")


# --- client that is called


class Called(ClientProtocol):
    """Binds as a receiver when it gets an outbind, takes what is delivered, unbinds."""

    def onPDU_outbind(self, pdu: Any) -> None:
        report("outbind", system_id=pdu.params["system_id"].decode(), password=pdu.params["password"].decode())
        super().onPDU_outbind(pdu)

    def bindSucceeded(self, result: Any, state: Any) -> Any:
        report("bound", kind="receiver")
        self.all_delivered(len(self.factory.script.inbound)).addCallback(lambda _: self.unbindAndDisconnect())
        return super().bindSucceeded(result, state)

    def connectionMade(self) -> None:
        super().connectionMade()
        self.setDataRequestHandler(self.deliver)

    def connectionLost(self, reason: Any) -> None:
        report("closed", by="peer")
        super().connectionLost(reason)


class CalledFactory(Factory):
    """Waits for calls of the script's server."""

    protocol = Called

    def __init__(self, script: Script) -> None:
        super().__init__(script, script.password)
        self.script = script

    def buildProtocol(self, address: Any) -> Any:
        return ClientFactory.buildProtocol(self, address)


# --- server


class ServerProtocol(SMPPServerProtocol):
    """Reports, and sends by itself what the script wants."""

    leaving = False

    def onPDURequest_enquire_link(self, pdu: Any) -> None:
        report("enquired")
        super().onPDURequest_enquire_link(pdu)

    def onPDURequest_unbind(self, pdu: Any) -> None:
        report("unbound")
        super().onPDURequest_unbind(pdu)

    def connectionLost(self, reason: Any) -> None:
        report("closed")
        super().connectionLost(reason)

    def send_deliver(self, **fields: Any) -> None:
        sent = self.sendDataRequest(operations.DeliverSM(**fields))
        sent.addCallbacks(lambda _: report("acknowledged", status=0), lambda failure: report("fault", text=failure.getErrorMessage()))

    def sendResponse(self, request: Any, status: Any = CommandStatus.ESME_ROK, **params: Any) -> None:
        super().sendResponse(request, status, **params)
        if isinstance(request, (operations.BindReceiver, operations.BindTransceiver)) and status == CommandStatus.ESME_ROK:
            for message in self.factory.script.inbound:
                self.send_deliver(**body(*message[:5]))

    async def hang_up(self) -> None:
        await self.sendRequest(operations.EnquireLink(), 10)
        report("alive")
        await self.unbind()
        report("unbound", by="us")
        self.disconnect()


class ServerFactory(SMPPServerFactory):
    """Knows the one account of the script, answers its requests."""

    protocol = ServerProtocol
    noisy = False

    def __init__(self, script: Script) -> None:
        self.script = script
        self.number = 0
        self.submits = 0
        limits = {"enquireLinkTimerSecs": 0, "inactivityTimerSecs": 0, "responseTimerSecs": 10}
        super().__init__(SMPPServerConfig(systems={script.system_id: {"max_bindings": 10}}, msgHandler=self.handle, **limits), self)

    def login(self, system_id: str, password: str, _: Any) -> Any:
        if (system_id, password) != (self.script.system_id, self.script.password):
            report("refused")
            raise UnauthorizedLogin
        report("bound")
        return None, None, None

    def handle(self, system_id: str, smpp: ServerProtocol, pdu: Any) -> Any:
        if isinstance(pdu, operations.SubmitSM):
            return self.submitted(smpp, pdu)
        if isinstance(pdu, operations.QuerySM):
            told = {"message_id": pdu.params["message_id"], "final_date": None, "message_state": MessageState.DELIVERED, "error_code": 0}
            return DataHandlerResponse(CommandStatus.ESME_ROK, **told)
        if isinstance(pdu, operations.DataSM):
            self.number += 1
            return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=str(self.number))
        return CommandStatus.ESME_ROK

    def submitted(self, smpp: ServerProtocol, pdu: Any) -> Any:
        self.submits += 1
        if self.script.throttle and self.submits % self.script.throttle == 0:
            report("throttled")
            return CommandStatus.ESME_RTHROTTLED
        self.number += 1
        message_id = str(self.number)
        told = content(pdu)
        report("submit", message_id=message_id, **told)
        if told["destination"] == self.script.hangup:
            reactor.callLater(0, lambda: defer.ensureDeferred(smpp.hang_up()))
        elif pdu.params["registered_delivery"].receipt == RegisteredDeliveryReceipt.SMSC_DELIVERY_RECEIPT_REQUESTED:
            text = RECEIPT.format(id=message_id).encode()
            fields = body(told["destination"], told["source"], RECEIPT_CLASS, 0, text)
            known = {"receipted_message_id": message_id, "message_state": MessageState.DELIVERED}
            reactor.callLater(0, lambda: smpp.send_deliver(**fields, **known))
        return DataHandlerResponse(CommandStatus.ESME_ROK, message_id=message_id)


def run(work: Callable[[], Any]) -> int:
    failed: list[Any] = []

    def start() -> None:
        done = defer.ensureDeferred(work())
        done.addErrback(failed.append)
        done.addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(start)
    reactor.run()
    for failure in failed:
        failure.printTraceback(sys.stderr)
    return len(failed)


if __name__ == "__main__":
    plan = read(sys.argv[2])
    if sys.argv[1] == "client":
        sys.exit(run(lambda: client(plan)))
    factory = CalledFactory(plan) if sys.argv[1] == "outbind" else ServerFactory(plan)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    report("listening", port=port.getHost().port)
    reactor.run()
