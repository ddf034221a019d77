"""An RTSP/1.0 client (RFC 2326) over one TCP connection: sign in, set up video and metadata, play, keep alive.

Everything that comes from the camera is bounded; what cannot be read ends the session with `BadStream`.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.footage.relay import digest, sdp
from ansimnet.slices.footage.relay.digest import Login, NoLogin
from ansimnet.slices.footage.relay.sdp import BadStream, Description

MAX_HEADER_BYTES = 16 << 10
MAX_BODY_BYTES = 64 << 10
"""Descriptions are about 1 kB; four of five limits here are ten times the largest seen."""
BUFFER_BYTES = 128 << 10
"""Of one connection: the largest message (header and body above, or a packet of 64 kB) fits with room to spare."""
REPLY_S = 5.0
"""How long the camera may take for one answer."""
DEFAULT_SESSION_S = 60
"""The session time-out where the camera names none (RFC 2326 §12.37)."""

_STATUS = re.compile(r"RTSP/1\.\d (\d{3})(?: |$)")


class CameraRefused(Refusal):
    """The camera answered with an error."""

    name = "camera-refused"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera is. The login is apart from the URL, so that the URL may be logged."""

    host: str
    port: int
    url: str
    login: Login | None = None

    @staticmethod
    def read(url: str) -> Address:
        """Return the address in `rtsp://user:password@host:port/path`.

        Raises:
            BadStream: it is not an `rtsp:` URL.

        >>> Address.read("rtsp://a:b%40@10.0.0.1/live?s=2")
        Address(host='10.0.0.1', port=554, url='rtsp://10.0.0.1:554/live?s=2', login=Login(user='a'))
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port or 554
        except ValueError:
            host, port = None, 0
        if host is None or parts.scheme != "rtsp" or any(ord(c) <= 32 for c in url):
            raise BadStream("not an address of the form `rtsp://host:port/path`")
        login = Login(unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        place = f"[{host}]" if ":" in host else host
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return Address(host, port, f"rtsp://{place}:{port}{path}", login)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `headers` keeps repeated ones; names are lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), None)


VIDEO, VIDEO_REPORTS, METADATA, SOUND = 0, 1, 2, 4
"""Interleaved channels asked for; the odd ones carry RTCP, of which the reports on the pictures are read."""


class Session(asyncio.BufferedProtocol):
    """One connection to one camera. `on_packet(channel, bytes)` is called for each RTP packet of a known channel.

    The kernel writes straight into one buffer and packets are handed over as views of it, good for the call alone:
    at two hundred cameras every copy and every wake-up of a task is a tenth of a core.
    """

    def __init__(
        self,
        address: Address,
        on_packet: Callable[[int, memoryview], None],
        *,
        allow_basic: bool = False,
        metadata: bool = True,
        sound: bool = False,
    ) -> None:
        self.address = address
        self.description: Description | None = None
        self._on_packet = on_packet
        self._allow_basic = allow_basic
        self._metadata = metadata
        self._sound = sound
        self._channels: dict[int, int] = {}
        self._bytes = bytearray(BUFFER_BYTES)
        self._buffer = memoryview(self._bytes)
        self._have = 0
        self._cseq = 0
        self._challenge: digest.Challenge | None = None
        self._uses = 0
        self._session: str | None = None
        self._timeout_s = DEFAULT_SESSION_S
        self._get_parameter = False
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._error: Exception | None = None

    async def open(self) -> Description:
        """Connect and set up. Call `close` in any case.

        Raises:
            OSError, TimeoutError, EOFError: nobody answers.
            NoLogin, CameraRefused, BadStream, UnsupportedStream: the camera's answer.
        """
        async with asyncio.timeout(REPLY_S):
            await asyncio.get_running_loop().create_connection(lambda: self, self.address.host, self.address.port)
        url = self.address.url
        options = await self._ask("OPTIONS", url)
        self._get_parameter = "GET_PARAMETER" in (options.header("public") or "").upper()
        reply = await self._ask("DESCRIBE", url, "Accept: application/sdp")
        try:
            self.description = found = sdp.read(reply.body.decode("utf-8", "replace"))
        except ValueError as error:
            raise BadStream("the description cannot be read") from error
        base = reply.header("content-base") or reply.header("content-location") or url
        await self._set_up(_joined(base, found.video.control), VIDEO)
        if found.metadata is not None and self._metadata:
            with contextlib.suppress(CameraRefused):  # without boxes the masked picture hides everything
                await self._set_up(_joined(base, found.metadata.control), METADATA)
        if found.sound is not None and self._sound:
            with contextlib.suppress(CameraRefused):  # it goes on deaf
                await self._set_up(_joined(base, found.sound.control), SOUND)
        return found

    async def play(self) -> None:
        """Start, and hand over packets until the connection ends.

        Raises:
            OSError, TimeoutError, EOFError: the camera is gone.
            CameraRefused, BadStream: its answers end the session.
        """
        assert self.description is not None
        base = self.description.base_control
        url = base if base.startswith("rtsp://") else self.address.url
        await self._ask("PLAY", url, "Range: npt=0-")
        alive = asyncio.create_task(self._keep_alive())
        try:
            while True:
                self._note(await self._reply())
        finally:
            alive.cancel()

    def close(self) -> None:
        """Hang up at once."""
        if self._transport is not None and not self._transport.is_closing():
            if self._session is not None:
                self._send("TEARDOWN", self.address.url, "")
            self._transport.close()

    def fail(self, error: Exception) -> None:
        """End the session with this; the first reason stays."""
        if self._error is None:
            self._error = error
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_exception(error)
        if self._transport is not None:
            self._transport.abort()

    # --- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(exc or EOFError("the camera closed the connection"))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer[self._have :]

    def buffer_updated(self, nbytes: int) -> None:
        try:
            self._read(self._have + nbytes)
        except Exception as error:
            self.fail(error)

    def _read(self, size: int) -> None:
        """Hand over every whole message among the first `size` bytes; what is left waits for more."""
        data, view, channels, on_packet, at = self._bytes, self._buffer, self._channels, self._on_packet, 0
        while size - at >= 4:
            if data[at] != 0x24:
                end = self._text(at, size)
                if end is None:
                    break
                at = end
                continue
            end = at + 4 + (data[at + 2] << 8 | data[at + 3])
            if end > size:
                break
            channel = channels.get(data[at + 1])
            if channel is not None:
                on_packet(channel, view[at + 4 : end])
            at = end
        self._have = size - at
        if at and self._have:
            view[: self._have] = view[at:size]

    async def _set_up(self, url: str, channel: int) -> None:
        wish = f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        reply = await self._ask("SETUP", url, wish)
        transport = reply.header("transport") or ""
        given = re.search(r"interleaved=(\d{1,3})", transport)
        first = int(given[1]) if given else channel
        self._channels[first] = channel
        if channel == VIDEO:
            self._channels[first + 1] = VIDEO_REPORTS
        session, _, more = (reply.header("session") or "").partition(";")
        if not re.fullmatch(r"[^\s\x00-\x1f]{1,256}", session):
            raise BadStream("the camera names no session")
        self._session = session
        limit = re.search(r"timeout=(\d{1,5})", more)
        if limit:
            self._timeout_s = max(2, int(limit[1]))

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(min(30.0, self._timeout_s / 2))
            self._send("GET_PARAMETER" if self._get_parameter else "OPTIONS", self.address.url, "")

    def _note(self, reply: Reply) -> None:
        if reply.status == 401 and self.address.login is not None:  # the nonce grew old: the next one is signed anew
            self._take_challenge(reply)
        elif reply.status in (454, 455):
            raise CameraRefused(f"the camera ended the session ({reply.status})")

    def _take_challenge(self, reply: Reply) -> None:
        offers = [value for key, value in reply.headers if key == "www-authenticate"]
        self._challenge = digest.choose(offers, allow_basic=self._allow_basic)
        self._uses = 0

    def _send(self, method: str, url: str, extra: str) -> None:
        self._cseq += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self._cseq}", "User-Agent: ansimnet"]
        if self._session is not None:
            lines.append(f"Session: {self._session}")
        if self._challenge is not None and self.address.login is not None:
            self._uses += 1
            proof = digest.answer(
                self._challenge,
                self.address.login,
                method=method,
                uri=url,
                count=self._uses,
                cnonce=secrets.token_hex(8),
            )
            lines.append(f"Authorization: {proof}")
        if extra:
            lines.append(extra)
        assert self._transport is not None
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _ask(self, method: str, url: str, extra: str = "") -> Reply:
        """Send and await the answer, signing in when asked: once without a nonce, once more for a stale one."""
        for attempt in range(3):
            async with asyncio.timeout(REPLY_S):
                self._send(method, url, extra)
                while (reply := await self._reply()).header("cseq") != str(self._cseq):
                    pass
            if reply.status == 401:
                signed = self._challenge is not None
                if self.address.login is None:
                    raise NoLogin("the camera asks for a login and none is registered")
                self._take_challenge(reply)
                assert self._challenge is not None
                if (signed and not self._challenge.stale) or attempt == 2:
                    raise NoLogin("the camera does not accept the registered login")
                continue
            if not 200 <= reply.status < 300:
                raise CameraRefused(f"the camera answered {method} with {reply.status}")
            return reply
        raise AssertionError("unreachable")

    async def _reply(self) -> Reply:
        """Return the next answer of the camera."""
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    def _text(self, at: int, size: int) -> int | None:
        """Take one textual message at `at`; return where it ends, None where it is not whole yet."""
        end = self._bytes.find(b"\r\n\r\n", at, size)
        if end < 0 or end - at > MAX_HEADER_BYTES:
            if size - at > MAX_HEADER_BYTES:
                raise BadStream("an RTSP header never ends")
            return None
        lines = self._bytes[at:end].decode("latin-1").split("\r\n")
        headers = tuple(
            (key.strip().lower(), value.strip()) for key, _, value in (line.partition(":") for line in lines[1:])
        )
        length = next((value for key, value in headers if key == "content-length"), "0")
        if not (length.isdecimal() and len(length) < 8 and int(length) <= MAX_BODY_BYTES):
            raise BadStream("an RTSP message claims an impossible length")
        stop = end + 4 + int(length)
        if size < stop:
            return None
        status = _STATUS.match(lines[0])
        if status is not None:
            reply = Reply(int(status[1]), headers, bytes(self._buffer[end + 4 : stop]))
            if self._waiter is not None and not self._waiter.done():  # what nobody asked for is not waited for
                self._waiter.set_result(reply)
        elif not re.fullmatch(r"[A-Z_]{3,20} \S+ RTSP/1\.\d", lines[0]):
            raise BadStream("the camera speaks something else than RTSP")
        return stop


def _joined(base: str, control: str) -> str:
    """Return a track's URL. Plain joining, as cameras expect, not RFC 3986: a query in the base stays before it."""
    if control.startswith("rtsp://"):
        return control
    if control in ("", "*"):
        return base
    return f"{base.rstrip('/')}/{control.lstrip('/')}"
