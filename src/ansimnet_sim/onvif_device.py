"""An ONVIF device over real SOAP: clock, profiles, stream addresses, PTZ, key frames; and its answer to discovery.

It speaks what a camera of the middle class speaks (Profiles S and T, device, media and PTZ services, WS-UsernameToken
with a password digest), and lies when told to: a wrong clock, a broken motor, H.265, silence.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ansimnet.kernel.clock import now
from ansimnet_sim.onvif_head import Axes, Head, status_of

MOST_BODY = 64 << 10
SKEW = timedelta(seconds=5)
"""How far a token's time may lie from the device's own clock, as cameras have it."""
NAMESPACE = UUID("6f2e7ce8-6a43-4b52-9f0f-1f4b2f9a4a11")

_DEVICE, _MEDIA, _PTZ = (f"http://www.onvif.org/{name}/wsdl" for name in ("ver10/device", "ver10/media", "ver20/ptz"))
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    f'xmlns:tds="{_DEVICE}" xmlns:trt="{_MEDIA}" xmlns:tptz="{_PTZ}" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:ter="http://www.onvif.org/ver10/error"><s:Body>{body}</s:Body></s:Envelope>'
)
_REALM, _NONCE = "ONVIF", "6f2e7ce86a434b52"
_CHALLENGE = f'Digest realm="{_REALM}", qop="auth", algorithm=SHA-256, nonce="{_NONCE}"'
_OPEN = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities"})
"""What anybody may ask (ONVIF Core 5.9.4, PRE_AUTH)."""


@dataclass(slots=True)
class Profile:
    """One stream as the media service lists it."""

    token: str
    url: str
    codec: str = "H264"
    width: int = 1280
    height: int = 720
    fps: int = 25


class SoapFaultError(Exception):
    """The device says no."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(slots=True, eq=False)
class OnvifDevice:
    """One device on one port. `profiles[0]` is the main stream, the next the sub-stream."""

    profiles: list[Profile]
    user: str = "relay"
    password: str = "s3cret"
    name: str = "AN-DOME-1"
    head: Head | None = field(default_factory=Head)
    clock_off_s: float = 0.0
    http_digest: bool = False
    """Asks for HTTP digest (RFC 7616) and takes no token in the envelope."""
    silent: bool = False
    """Takes connections and answers nothing."""
    on_sync: Callable[[str], None] = lambda _: None
    """Called with the profile whose next picture must be a key frame."""
    advertised_host: str = ""
    """What it says of its own address, where it lies; empty: the truth."""
    asked: list[str] = field(default_factory=list)
    """Every operation that came, in order."""
    port: int = 0
    _server: asyncio.Server | None = None
    _udp: asyncio.DatagramTransport | None = None
    _nonces: set[str] = field(default_factory=set)

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, discovery_port: int | None = None) -> None:
        """Listen for SOAP, and for WS-Discovery where a port is given (0: any; see `discovery_port`)."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        if discovery_port is not None:
            self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Answering(self), local_addr=(host, discovery_port)
            )

    @property
    def discovery_port(self) -> int:
        """Return the port on which it hears probes."""
        assert self._udp is not None
        return int(self._udp.get_extra_info("sockname")[1])

    async def stop(self) -> None:
        """Hang up."""
        if self._udp is not None:
            self._udp.close()
        if self._server is not None:
            self._server.close()

    async def __aenter__(self) -> OnvifDevice:
        await self.start(discovery_port=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def now(self) -> datetime:
        """Return what its own clock says."""
        return now() + timedelta(seconds=self.clock_off_s)

    @property
    def address(self) -> str:
        """Return where it says it can be asked."""
        return f"http://{self.advertised_host or '127.0.0.1'}:{self.port}/onvif/device_service"

    def match(self, relates_to: str) -> bytes:
        """Return its answer to a probe."""
        scopes = (
            f"onvif://www.onvif.org/name/{self.name} onvif://www.onvif.org/Profile/T onvif://www.onvif.org/type/ptz"
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
            'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>'
            f"<w:RelatesTo>{escape(relates_to)}</w:RelatesTo>"
            "<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</w:Action></e:Header><e:Body>"
            "<d:ProbeMatches><d:ProbeMatch><w:EndpointReference>"
            f"<w:Address>urn:uuid:{uuid5(NAMESPACE, f'{self.name}/{self.port}')}</w:Address></w:EndpointReference>"
            f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{escape(scopes)}</d:Scopes>"
            f"<d:XAddrs>{escape(self.address)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
            "</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
        ).encode()

    # --- HTTP

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = int((re.search(r"(?i)content-length: *(\d+)", head) or ["", "0"])[1])
                if length > MOST_BODY:
                    break
                body = await reader.readexactly(length)
                if self.silent:
                    await reader.read()  # until the client has had enough
                    break
                status, answer = self.answer(body, head)
                challenge = f"WWW-Authenticate: {_CHALLENGE}\r\n" if self.http_digest and status[:3] == "401" else ""
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/soap+xml; charset=utf-8\r\n{challenge}"
                    f"Content-Length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass  # the client is gone
        finally:
            writer.close()

    def answer(self, request: bytes, head: str = "") -> tuple[str, bytes]:
        """Return the HTTP status and the envelope that answer one."""
        try:
            root = ElementTree.fromstring(request)
            header, body = _part(root, "Header"), _part(root, "Body")
            if body is None or not len(body):
                raise SoapFaultError("ter:WellFormed", "no operation")
            operation = _local(body[0])
            self.asked.append(operation)
            known = self._answers(head) if self.http_digest else self._knows(header)
            if operation not in _OPEN and not known:
                raise SoapFaultError("ter:NotAuthorized", "Sender not Authorized")
            handler: Callable[[ElementTree.Element], str] | None = getattr(self, f"_do_{operation}", None)
            if handler is None:
                raise SoapFaultError("ter:ActionNotSupported", operation)
            return "200 OK", _ENVELOPE.replace("{body}", handler(body[0])).encode()
        except (SoapFaultError, ElementTree.ParseError) as error:
            no_xml = SoapFaultError("ter:WellFormed", "no XML")
            told = error if isinstance(error, SoapFaultError) else no_xml
            words = escape(told.words)
            fault = (
                "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>"
                f'{told.code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">{words}</s:Text>'
                "</s:Reason></s:Fault>"
            )
            status = "401 Unauthorized" if told.code == "ter:NotAuthorized" else "400 Bad Request"
            return status, _ENVELOPE.replace("{body}", fault).encode()

    def _answers(self, head: str) -> bool:
        """Check the answer to our challenge: RFC 7616 with SHA-256 and `auth`."""
        method, target, _ = head.partition("\r\n")[0].split(" ")
        said = dict(
            re.findall(r'(\w+)="?([^",]+)"?', (re.search(r"(?i)authorization: digest (.*)", head) or ["", ""])[1])
        )

        def digest(*parts: str) -> str:
            return hashlib.sha256(":".join(parts).encode()).hexdigest()

        ours, asked = digest(self.user, _REALM, self.password), digest(method, said.get("uri", ""))
        middle = [said.get(word, "") for word in ("nonce", "nc", "cnonce", "qop")]
        right = hmac.compare_digest(digest(ours, *middle, asked), said.get("response", ""))
        return right and said.get("username") == self.user and said.get("uri") == target and middle[0] == _NONCE

    def _knows(self, header: ElementTree.Element | None) -> bool:
        """Check a WS-UsernameToken with a password digest: Base64(SHA-1(nonce + created + password)), used once."""
        said = {_local(e): (e.text or "").strip() for e in (header.iter() if header is not None else ())}
        try:
            nonce, created = base64.b64decode(said["Nonce"]), said["Created"]
            at = datetime.fromisoformat(created)
        except (KeyError, ValueError):
            return False
        proof = hashlib.sha1(nonce + created.encode() + self.password.encode()).digest()
        fresh = said["Nonce"] not in self._nonces and abs(at - self.now()) <= SKEW
        self._nonces.add(said["Nonce"])
        right = hmac.compare_digest(base64.b64encode(proof).decode(), said.get("Password", ""))
        return fresh and right and said.get("Username") == self.user

    # --- operations: device

    def _do_GetSystemDateAndTime(self, _: ElementTree.Element) -> str:  # noqa: N802 - ONVIF's own names
        at = self.now()
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime><tt:Time>"
            f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}</tt:Second></tt:Time>"
            f"<tt:Date><tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date>"
            "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _do_GetServices(self, _: ElementTree.Element) -> str:  # noqa: N802
        named = [(_DEVICE, "device_service"), (_MEDIA, "media_service")]
        if self.head is not None:
            named.append((_PTZ, "ptz_service"))
        base = self.address.rpartition("/")[0]
        services = "".join(
            f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>{base}/{path}</tds:XAddr>"
            "<tds:Version><tt:Major>21</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for space, path in named
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _do_GetDeviceInformation(self, _: ElementTree.Element) -> str:  # noqa: N802
        return (
            "<tds:GetDeviceInformationResponse><tds:Manufacturer>Ansimnet simulator</tds:Manufacturer>"
            f"<tds:Model>{escape(self.name)}</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>"
            f"<tds:SerialNumber>{self.port}</tds:SerialNumber><tds:HardwareId>sim</tds:HardwareId>"
            "</tds:GetDeviceInformationResponse>"
        )

    # --- operations: media

    def _do_GetProfiles(self, _: ElementTree.Element) -> str:  # noqa: N802
        found = "".join(
            f'<trt:Profiles token="{p.token}" fixed="true"><tt:Name>{p.token}</tt:Name>'
            f'<tt:VideoEncoderConfiguration token="{p.token}-v"><tt:Name>{p.token}</tt:Name>'
            "<tt:UseCount>1</tt:UseCount>"
            f"<tt:Encoding>{p.codec}</tt:Encoding><tt:Resolution><tt:Width>{p.width}</tt:Width>"
            f"<tt:Height>{p.height}</tt:Height></tt:Resolution><tt:Quality>4</tt:Quality><tt:RateControl>"
            f"<tt:FrameRateLimit>{p.fps}</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval>"
            "<tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl><tt:Multicast><tt:Address>"
            "<tt:Type>IPv4</tt:Type></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL>"
            "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
            f"</tt:VideoEncoderConfiguration>{self._ptz_configuration(p)}</trt:Profiles>"
            for p in self.profiles
        )
        return f"<trt:GetProfilesResponse>{found}</trt:GetProfilesResponse>"

    def _ptz_configuration(self, p: Profile) -> str:
        if self.head is None:
            return ""
        return (
            f'<tt:PTZConfiguration token="{p.token}-p"><tt:Name>ptz</tt:Name><tt:UseCount>2</tt:UseCount>'
            "<tt:NodeToken>head</tt:NodeToken></tt:PTZConfiguration>"
        )

    def _profile(self, request: ElementTree.Element) -> Profile:
        token = next((e.text for e in request.iter() if _local(e) == "ProfileToken"), None)
        for p in self.profiles:
            if p.token == token:
                return p
        raise SoapFaultError("ter:NoProfile", "no such profile")

    def _do_GetStreamUri(self, request: ElementTree.Element) -> str:  # noqa: N802
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{escape(self._profile(request).url)}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _do_SetSynchronizationPoint(self, request: ElementTree.Element) -> str:  # noqa: N802
        self.on_sync(self._profile(request).token)
        return "<trt:SetSynchronizationPointResponse/>"

    # --- operations: PTZ

    def _turning(self, request: ElementTree.Element) -> Head:
        self._profile(request)
        if self.head is None:
            raise SoapFaultError("ter:NoPTZProfile", "this camera is fixed")
        return self.head

    def _do_GetStatus(self, request: ElementTree.Element) -> str:  # noqa: N802
        head = self._turning(request)
        status = status_of(head, self.now())
        return f"<tptz:GetStatusResponse><tptz:PTZStatus>{status}</tptz:PTZStatus></tptz:GetStatusResponse>"

    def _do_AbsoluteMove(self, request: ElementTree.Element) -> str:  # noqa: N802
        head, here = self._turning(request), self._turning(request).position()
        to = _vector(request, "Position", here)
        if any(abs(v) > 1 for v in to) or to[2] < 0:
            raise SoapFaultError("ter:InvalidPosition", "out of range")
        head.turn(to, _vector(request, "Speed", (1.0, 1.0, 1.0)))
        return "<tptz:AbsoluteMoveResponse/>"

    def _do_ContinuousMove(self, request: ElementTree.Element) -> str:  # noqa: N802
        self._turning(request).run(_vector(request, "Velocity", (0.0, 0.0, 0.0)))
        return "<tptz:ContinuousMoveResponse/>"

    def _do_Stop(self, request: ElementTree.Element) -> str:  # noqa: N802
        self._turning(request).stop()
        return "<tptz:StopResponse/>"


class _Answering(asyncio.DatagramProtocol):
    """WS-Discovery's answering side."""

    def __init__(self, device: OnvifDevice) -> None:
        self.device = device
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = re.search(rb"MessageID[^>]*>([^<]+)<", data)
        if asked and b"Probe" in data and self.transport is not None and not self.device.silent:
            self.transport.sendto(self.device.match(asked[1].decode()), addr)


def _vector(request: ElementTree.Element, name: str, otherwise: Axes) -> Axes:
    part = next((e for e in request.iter() if _local(e) == name), None)
    pan_tilt = next((e for e in part if _local(e) == "PanTilt"), None) if part is not None else None
    zoom = next((e for e in part if _local(e) == "Zoom"), None) if part is not None else None
    return (
        otherwise[0] if pan_tilt is None else float(pan_tilt.attrib["x"]),
        otherwise[1] if pan_tilt is None else float(pan_tilt.attrib["y"]),
        otherwise[2] if zoom is None else float(zoom.attrib["x"]),
    )


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _part(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((e for e in root if _local(e) == name), None)
