"""WS-Discovery: who answers on the camera network. Answers are shown, never contacted and never added by themselves.

A probe is one UDP datagram to a multicast group (OASIS WS-Discovery 1.1 §5.2 as ONVIF Core §7 profiles it). Anybody on
that network can answer anything, so an answer is text from a stranger: short, counted, and tied to who sent it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import structlog

from ansimnet.kernel.ids import new_id

log = structlog.get_logger(__name__)

GROUP = ("239.255.255.250", 3702)
"""WS-Discovery's group and port (RFC of IANA: 239.255.255.250, 3702/udp)."""
LISTEN_S = 2.0
"""How long answers are taken: devices wait up to half a second before they answer (APP_MAX_DELAY), twice over."""
MOST_ANSWERS, MOST_BYTES = 512, 16 << 10

_PROBE = (
    '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>{message}</w:MessageID>'
    "<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>"
    "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>"
    "<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"
)


class Answer(NamedTuple):
    """What somebody on the network says of himself. `host` is who sent it; `says_host` is where he says he is."""

    host: str
    says_host: str
    port: int
    name: str
    hardware: str


class _Listening(asyncio.DatagramProtocol):
    def __init__(self, message: str) -> None:
        self.message = message
        self.found: dict[tuple[str, str, int], Answer] = {}

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if len(self.found) < MOST_ANSWERS:
            for answer in read(data, str(addr[0]), self.message):
                self.found[(answer.host, answer.says_host, answer.port)] = answer

    def error_received(self, exc: Exception) -> None:
        log.info("discovery.refused", what=type(exc).__name__)


async def discover(group: tuple[str, int] = GROUP, listen_s: float = LISTEN_S) -> list[Answer]:
    """Ask once and return who answered, by address."""
    message = f"urn:uuid:{new_id()}"
    loop = asyncio.get_running_loop()
    transport, heard = await loop.create_datagram_endpoint(
        lambda: _Listening(message), family=socket.AF_INET, local_addr=("0.0.0.0", 0)
    )
    try:
        transport.sendto(_PROBE.replace("{message}", message).encode(), group)
        await asyncio.sleep(listen_s)
    finally:
        transport.close()
    return sorted(heard.found.values())


def read(data: bytes, sender: str, message: str) -> list[Answer]:
    """Return what a datagram answers to our probe; nothing where it is no such answer."""
    if len(data) > MOST_BYTES or b"<!" in data:  # no doctype: no entity to blow up
        return []
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, UnicodeError, ValueError):
        return []
    if message not in {(e.text or "").strip() for e in root.iter() if _local(e) == "RelatesTo"}:
        return []
    found = []
    for match in (e for e in root.iter() if _local(e) == "ProbeMatch"):
        said = {_local(e): (e.text or "").strip() for e in match.iter()}
        scopes = said.get("Scopes", "").split()
        for address in said.get("XAddrs", "").split()[:4]:
            try:
                url = urlsplit(address)
                host, port = url.hostname, url.port or 80
            except ValueError:
                continue
            if url.scheme in ("http", "https") and host:
                found.append(Answer(sender, host[:64], port, _scope(scopes, "name"), _scope(scopes, "hardware")))
    return found


def _scope(scopes: list[str], kind: str) -> str:
    """Return what a device's scopes say of one kind.

    >>> _scope(["onvif://www.onvif.org/name/Dome%201"], "name")
    'Dome 1'
    """
    head = f"onvif://www.onvif.org/{kind}/"
    word = next((unquote(s[len(head) :]) for s in scopes if s.startswith(head)), "")
    return "".join(c for c in word if c.isprintable())[:64]


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
