"""The MQTT 3.1.1 door of devices: each shows its own key, and is answered only after the commit.

Why no broker: a broker acknowledges what it holds, we acknowledge what is committed; and it would keep people's places
in a second store, outside retention and erasing (docs/adr/0007-mqtt-without-a-broker.md).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import structlog
from prometheus_client import Gauge

from ansimnet.kernel.errors import Refusal
from ansimnet.platform.machines import WrongKey
from ansimnet.platform.pool import DatabaseAway
from ansimnet.platform.settings import Settings
from ansimnet.slices.supervision.api import mqtt_wire as frames
from ansimnet.slices.supervision.api import wire
from ansimnet.slices.supervision.api.adapters import adapter_of
from ansimnet.slices.supervision.api.gateway import Door, take
from ansimnet.slices.supervision.service.conduct import Isolated
from ansimnet.slices.supervision.service.receive import Sender
from ansimnet.slices.supervision.service.senders import TooManyKeys

log = structlog.get_logger(__name__)

FIRST_WORD_S = 10.0
"""A connection that has not said who it is by then is closed (ours)."""
MOST_SILENT_S = 3600.0
"""A device without a keep-alive of its own is closed after so long (ours)."""
MOST_OPEN = 20_000
"""Connections at a time; the next one is told that we are busy."""
READ_BYTES = 1 << 16

OPEN = Gauge("ansimnet_supervision_mqtt_open", "Devices connected by MQTT")


class Mqtt:
    """Serves devices until it is closed."""

    def __init__(self, door: Door) -> None:
        self._door, self._clock, self._guard = door, door.clock, door.guard
        self._open = 0

    @asynccontextmanager
    async def serve(self, host: str, port: int, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
        """Listen while the block runs; yield the port."""
        server = await asyncio.start_server(self._connection, host, port, ssl=tls, backlog=1024)
        async with server:
            yield int(server.sockets[0].getsockname()[1])

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        OPEN.set(self._open)
        try:
            await self._talk(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the device left, or fell silent
        except frames.Malformed as e:
            log.info("supervision.mqtt_malformed", why=str(e))
        except (psycopg.OperationalError, DatabaseAway):
            log.warning("supervision.mqtt_store_away")  # nothing was acknowledged: it is sent again
        finally:
            self._open -= 1
            OPEN.set(self._open)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = frames.Decoder()
        sender: Sender | None = None
        patience_s = FIRST_WORD_S
        while data := await asyncio.wait_for(reader.read(READ_BYTES), patience_s):
            try:
                for packet in decoder.feed(data):
                    if sender is None:
                        if not isinstance(packet, frames.Connect):
                            await self._no(writer, packet)
                            return
                        sender = await self._admit(writer, packet)
                        if sender is None:
                            return
                        patience_s = 1.5 * packet.keep_alive_s if packet.keep_alive_s else MOST_SILENT_S
                    elif not await self._hear(writer, sender, packet):
                        return
            except frames.Malformed:
                if sender is not None:
                    await self._guard.note(sender, self._clock.now(), None)
                raise
            await writer.drain()

    async def _no(self, writer: asyncio.StreamWriter, packet: frames.Packet) -> None:
        """Answer somebody who says something before who he is."""
        if isinstance(packet, frames.UnknownLevel):
            writer.write(frames.connack(frames.CONNACK_LEVEL))
            await writer.drain()

    async def _admit(self, writer: asyncio.StreamWriter, packet: frames.Connect) -> Sender | None:
        """Return who it is: the password is the device's or the gateway's key; None where it was sent away."""
        code, sender = frames.CONNACK_OK, None
        if self._open > MOST_OPEN:
            code = frames.CONNACK_BUSY
        else:
            try:
                sender = await self._door.senders.of_key((packet.password or b"").decode(), _address(writer))
                if sender.device is not None and packet.username not in (None, sender.device.name):
                    raise WrongKey
                self._guard.check(sender, self._clock.now())
            except (WrongKey, UnicodeDecodeError):
                code, sender = frames.CONNACK_STRANGER, None
            except (Isolated, TooManyKeys):
                code, sender = frames.CONNACK_BUSY, None
        writer.write(frames.connack(code))
        await writer.drain()
        return sender

    async def _hear(self, writer: asyncio.StreamWriter, sender: Sender, packet: frames.Packet) -> bool:
        """Do what a packet asks; False where the connection ends with it."""
        match packet:
            case frames.Publish():
                if not await self._take(sender, packet):
                    return False
                if packet.qos:
                    writer.write(frames.answer(4 if packet.qos == 1 else 5, packet.packet_id))
            case frames.Release():
                writer.write(frames.answer(7, packet.packet_id))
            case frames.Subscribe():
                writer.write(frames.suback(packet.packet_id, packet.topics))
            case frames.Unsubscribe():
                writer.write(frames.answer(11, packet.packet_id))
            case frames.Ping():
                writer.write(frames.PONG)
            case _:
                return False
        return True

    async def _take(self, sender: Sender, packet: frames.Publish) -> bool:
        """Take one message; False where its sender is isolated.

        What cannot be read is acknowledged too, since it would be the same if it came again; it counts against its
        sender.
        """
        name = sender.device.name if sender.device is not None else None
        adapter = adapter_of(packet.topic)
        now = self._clock.now()
        if adapter is None:
            log.info("supervision.mqtt_topic_of_nobody", sender=str(sender.sender_id))
            await self._guard.note(sender, now, None)
            return True
        try:
            receipt = await take(self._door, sender, lambda at: adapter(packet.payload, name, at), now)
        except Isolated:
            return False
        except (wire.Unreadable, wire.TooMany) as refusal:
            log.info("supervision.mqtt_unreadable", sender=str(sender.sender_id), why=_name(refusal))
            return True
        if receipt.refused:
            why = sorted({r.name for r in receipt.refused})
            log.info("supervision.mqtt_refused", sender=str(sender.sender_id), why=why, count=len(receipt.refused))
        return True


def where(settings: Settings) -> tuple[str, ssl.SSLContext | None]:
    """Return on which address devices are served, and how: without a certificate on this machine alone."""
    if settings.mqtt_cert is None or settings.mqtt_key is None:
        return "127.0.0.1", None
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(settings.mqtt_cert, settings.mqtt_key)
    return settings.http_host, tls


def _address(writer: asyncio.StreamWriter) -> str:
    return str((writer.get_extra_info("peername") or ("",))[0])


def _name(refusal: Refusal) -> str:
    return refusal.name
