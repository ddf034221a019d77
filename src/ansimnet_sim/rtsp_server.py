"""The city's cameras behind one RTSP port: TCP interleaved, digest authentication, one mount per camera.

`rtsp://user:password@host:port/HD-0412/sub` answers with H.264 (track1), ONVIF metadata (track2) and, where a camera
has a microphone, sound (track3). `…/HD-0412/heat` answers with the picture of its heat sensor, or 404 where it has
none. Every camera runs free: a viewer joins in the middle of a group of pictures. Nothing is drawn for a camera nobody
watches.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import struct
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import unquote, urlsplit

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_sim.camera import LiveCamera, Shot
from ansimnet_sim.city import City
from ansimnet_sim.heat import HeatCamera
from ansimnet_sim.microphone import PAYLOAD_TYPES, Microphone
from ansimnet_sim.onvif import metadata
from ansimnet_sim.onvif_head import Head
from ansimnet_sim.people import Actor, Pose
from ansimnet_sim.rtp import Sender, document_payloads, h264_payloads, nals
from ansimnet_sim.turning_camera import TurningCamera

VIDEO, META = 96, 107
CLOCK = 90_000
MOST_QUEUED = 1_500_000
"""Bytes a slow client may owe before the camera hangs up, as small cameras do."""

People = Callable[[datetime], list[tuple[Actor, Pose]]]
"""Who is where at an instant."""


@dataclass(slots=True)
class Faults:
    """What a camera does wrong from now on; all off is a good camera."""

    dropped: bool = False
    """Hangs up and refuses connections."""
    frozen: bool = False
    """Sends nothing, keeps the connection."""
    jump_s: float = 0.0
    """Adds this much to its time stamps, as after a clock reset."""
    metadata_off: bool = False
    """Its analytics have crashed: pictures without boxes."""


@dataclass(slots=True, eq=False)
class Viewer:
    """One RTSP session that plays."""

    writer: asyncio.StreamWriter
    senders: dict[str, Sender] = field(default_factory=dict)
    playing: bool = False
    heat: bool = False
    """It asked for the heat sensor's pictures."""


@dataclass(slots=True)
class Mount:
    """One camera on the port."""

    live: LiveCamera
    faults: Faults = field(default_factory=Faults)
    viewers: set[Viewer] = field(default_factory=set)
    base: int = 0
    """Random start of its RTP clock."""
    parameter_sets: tuple[bytes, bytes] | None = None
    sent: int = 0
    head: Head | None = None
    """The motors of a camera that turns."""
    last: Shot | None = None
    microphone: Microphone | None = None
    heat: HeatCamera | None = None
    fires: tuple[tuple[float, float, float], ...] = ()
    """What burns before it, for its heat sensor: x, y, radius in parts of the picture."""


class CameraServer:
    """All cameras of a world on one port."""

    def __init__(
        self, city: City, people: People, *, codes: list[str] | None = None, user: str = "relay",
        password: str = "", pair: int = 0, fps: int = 10, seed: int = 0, cache: Path | None = None, threads: int = 2,
        turning: Collection[str] = (), heat: Collection[str] = (),
    ) -> None:  # fmt: skip
        """Serve the cameras named by `codes`; those in `turning` have motors and are told to move over ONVIF.

        Those in `heat` have a heat sensor; a fifth of all has a microphone, chosen by the seed.
        """
        rng = Random(f"rtsp/{seed}")
        self.user, self.password = user, password or secrets.token_urlsafe(12)
        self.people, self.fps, self.port = people, fps, 0
        wanted = [c for c in city.cameras if codes is None or c.code in codes]
        self.mounts: dict[str, Mount] = {}
        for c in wanted:
            made = TurningCamera if c.code in turning else LiveCamera
            live = made(city, c, pair=pair, fps=fps, phase=rng.random(), cache=cache)
            self.mounts[c.code] = Mount(
                live,
                base=rng.randrange(1 << 32),
                microphone=Microphone(seed=c.number) if rng.random() < 0.2 else None,
                heat=HeatCamera(fps, c.number) if c.code in heat else None,
                head=live.head if isinstance(live, TurningCamera) else None,
            )
        self._pool = ThreadPoolExecutor(threads, "camera")
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server | None = None
        self._nonce = secrets.token_hex(8)
        self._poses: tuple[float, list[tuple[Actor, Pose]]] = (-1.0, [])

    def url(self, code: str, host: str = "127.0.0.1", *, secret: bool = True, heat: bool = False) -> str:
        """Return the address of a camera, or of its heat sensor."""
        login = f"{self.user}:{self.password}@" if secret else ""
        return f"rtsp://{login}{host}:{self.port}/{code}/{'heat' if heat else 'sub'}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._tasks = [asyncio.create_task(self._run(m)) for m in self.mounts.values()]

    async def warm(self, codes: list[str] | None = None, tell: Callable[[int, int], None] | None = None) -> None:
        """Draw the backdrops before anybody watches (about 0.6 s of one core each)."""
        loop = asyncio.get_running_loop()
        chosen = [m for c, m in self.mounts.items() if codes is None or c in codes]
        jobs = [loop.run_in_executor(self._pool, m.live.prepare) for m in chosen]
        for n, job in enumerate(asyncio.as_completed(jobs), 1):
            await job
            if tell:
                tell(n, len(jobs))

    async def stop(self) -> None:
        """Hang up and end every task."""
        for t in self._tasks:
            t.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server:
            self._server.close()
        for m in self.mounts.values():
            for v in list(m.viewers):
                v.writer.transport.abort()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def drop(self, code: str) -> None:
        """Cut a camera's link until `restore`."""
        self.mounts[code].faults.dropped = True
        for v in list(self.mounts[code].viewers):
            v.writer.transport.abort()

    def restore(self, code: str) -> None:
        """Let a camera work well again; its RTP clock begins anew, as after a restart."""
        m = self.mounts[code]
        m.faults = Faults()
        m.base = secrets.randbits(32)
        m.live.rest()

    async def _run(self, mount: Mount) -> None:
        """Shoot frame n when it is due; catch up by skipping numbers, never by sending late pictures."""
        loop = asyncio.get_running_loop()
        number, zero = 0, monotonic_s() + mount.live.phase / self.fps
        while True:
            due = zero + number / self.fps
            behind = monotonic_s() - due
            if behind > 2.0 / self.fps:
                skipped = int(behind * self.fps)
                number += skipped
                continue
            await asyncio.sleep(max(0.0, -behind))
            if not any(v.playing for v in mount.viewers):
                mount.live.rest()
            elif not (mount.faults.frozen or mount.faults.dropped):
                at = now()
                shot = await loop.run_in_executor(self._pool, mount.live.shoot, number, at, self._who(at))
                self._send(mount, shot)
            number += 1

    def _who(self, at: datetime) -> list[tuple[Actor, Pose]]:
        """Return who is outdoors and where; asked once per 20 ms for all cameras (a walker moves 3 cm)."""
        if not 0.0 <= at.timestamp() - self._poses[0] < 0.02:
            self._poses = (at.timestamp(), [(a, p) for a, p in self.people(at) if not a.hidden])
        return self._poses[1]

    def _send(self, mount: Mount, shot: Shot) -> None:
        stamp = mount.base + round((shot.number / self.fps + mount.faults.jump_s) * CLOCK)
        video = h264_payloads(shot.data)
        warm = h264_payloads(self._warm(mount, shot))
        heard = mount.microphone.packets(shot.number / self.fps) if mount.microphone is not None else []
        told = [] if mount.faults.metadata_off else document_payloads(metadata(shot.at, shot.tracks, mount.head))
        for v in list(mount.viewers):
            if not v.playing:
                continue
            transport = v.writer.transport
            if transport.is_closing() or transport.get_write_buffer_size() > MOST_QUEUED:
                transport.abort()
                mount.viewers.discard(v)
                continue
            out = b""
            if "track2" in v.senders and told:  # boxes first: a masker has them when the picture comes
                out += v.senders["track2"].pack(told, stamp)
            if "track1" in v.senders:
                out += v.senders["track1"].pack(warm if v.heat else video, stamp)
            if "track3" in v.senders and mount.microphone is not None:
                out += mount.microphone.sent(v.senders["track3"], heard)
            if mount.sent % (2 * self.fps) == 0:
                unix = shot.at.timestamp() + mount.faults.jump_s
                for name in ("track1", "track2"):
                    if name in v.senders:
                        out += v.senders[name].report(unix, stamp)
            v.writer.write(out)
        mount.sent += 1
        mount.last = shot

    def _warm(self, mount: Mount, shot: Shot) -> bytes:
        watched = any(v.heat and v.playing for v in mount.viewers)
        return mount.heat.shoot(shot, mount.fires) if mount.heat is not None and watched else b""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = secrets.token_hex(4)
        viewer, mount = Viewer(writer), None
        try:
            while True:
                first = await reader.readexactly(1)
                if first == b"$":
                    head = await reader.readexactly(3)
                    await reader.readexactly(struct.unpack(">H", head[1:])[0])
                    continue
                raw = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request = Request.parse(raw)
                if request.length:
                    await reader.readexactly(request.length)
                mount = await self._answer(request, viewer, mount, session)
                await writer.drain()
                if request.method == "TEARDOWN":
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass  # the client is gone or speaks something else
        finally:
            if mount:
                mount.viewers.discard(viewer)
            writer.close()

    async def _answer(self, r: Request, viewer: Viewer, mount: Mount | None, session: str) -> Mount | None:
        def reply(status: str, extra: str = "", body: str = "") -> None:
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            viewer.writer.write(f"RTSP/1.0 {status}\r\nCSeq: {r.cseq}\r\n{extra}{length}\r\n{body}".encode())

        if r.method == "OPTIONS":
            reply("200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER\r\n")
            return mount
        if not self._allowed(r):
            reply(
                "401 Unauthorized", f'WWW-Authenticate: Digest realm="camera", nonce="{self._nonce}", algorithm=MD5\r\n'
            )
            return mount
        found = self.mounts.get(r.code)
        if found is None or found.faults.dropped or (r.heat and found.heat is None):
            reply("503 Service Unavailable" if found is not None and found.faults.dropped else "404 Not Found")
            return mount
        if r.method == "DESCRIBE":
            body = await self._describe(found, heat=r.heat)
            base = f"Content-Base: {r.url.rstrip('/')}/\r\nContent-Type: application/sdp\r\n"
            reply("200 OK", base, body)
        elif r.method == "SETUP":
            channels = re.search(r"interleaved=(\d+)-(\d+)", r.headers.get("transport", ""))
            if "RTP/AVP/TCP" not in r.headers.get("transport", ""):
                reply("461 Unsupported Transport")
                return mount
            channel = int(channels[1]) if channels else 2 * len(viewer.senders)
            track = r.track or "track1"
            sound = PAYLOAD_TYPES[found.microphone.codec] if found.microphone is not None else VIDEO
            kind = {"track1": VIDEO, "track2": META, "track3": sound}.get(track, VIDEO)
            viewer.senders[track] = Sender(channel, kind, secrets.randbits(32), secrets.randbits(16))
            if mount not in (None, found):
                mount.viewers.discard(viewer)
            found.viewers.add(viewer)
            mount = found
            reply("200 OK", f"Session: {session};timeout=60\r\n"
                  f"Transport: RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}\r\n")  # fmt: skip
        elif r.method == "PLAY":
            reply("200 OK", f"Session: {session}\r\nRange: npt=now-\r\n")
            viewer.playing, viewer.heat = True, r.heat
        elif r.method in ("GET_PARAMETER", "SET_PARAMETER", "TEARDOWN", "PAUSE"):
            viewer.playing = viewer.playing and r.method not in ("TEARDOWN", "PAUSE")
            reply("200 OK", f"Session: {session}\r\n")
        else:
            reply("405 Method Not Allowed")
        return mount

    async def _describe(self, mount: Mount, *, heat: bool) -> str:
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", f"s={mount.live.camera.code}", "t=0 0", "a=control:*",
                 "a=range:npt=now-", "m=video 0 RTP/AVP 96", "c=IN IP4 0.0.0.0", "b=AS:500",
                 f"a=rtpmap:{VIDEO} H264/{CLOCK}", f"a=framerate:{self.fps}"]  # fmt: skip
        if heat:  # its parameter sets come in band
            return "\r\n".join([*lines, f"a=fmtp:{VIDEO} packetization-mode=1", "a=control:track1", "a=recvonly", ""])
        sets = await self._parameter_sets(mount)
        sprop = ",".join(base64.b64encode(s).decode() for s in sets)
        lines += [
            f"a=fmtp:{VIDEO} packetization-mode=1;profile-level-id={sets[0][1:4].hex()};sprop-parameter-sets={sprop}",
            "a=control:track1", f"m=application 0 RTP/AVP {META}", "c=IN IP4 0.0.0.0",
            f"a=rtpmap:{META} vnd.onvif.metadata/{CLOCK}", "a=control:track2", "a=recvonly",
        ]  # fmt: skip
        if mount.microphone is not None:
            lines += mount.microphone.description("track3")
        return "\r\n".join(lines) + "\r\n"

    async def _parameter_sets(self, mount: Mount) -> tuple[bytes, bytes]:
        if mount.parameter_sets is None:
            shot = await asyncio.get_running_loop().run_in_executor(self._pool, _first_shot, mount.live)
            units = {u[0] & 31: u for u in nals(shot.data)}
            mount.parameter_sets = (units[7], units[8])
            mount.live.rest()
        return mount.parameter_sets

    def _allowed(self, r: Request) -> bool:
        """Check HTTP digest as RFC 7616 with MD5, the form cameras speak."""
        given = r.headers.get("authorization", "")
        if not given.lower().startswith("digest "):
            return False
        part = {k.lower(): v for k, v in re.findall(r'(\w+)="?([^",]+)"?', given[7:])}
        if part.get("nonce") != self._nonce or part.get("username") != self.user:
            return False
        ha1 = _md5(f"{self.user}:camera:{self.password}")
        ha2 = _md5(f"{r.method}:{part.get('uri', '')}")
        middle = f":{part['nc']}:{part['cnonce']}:{part['qop']}" if "qop" in part and "nc" in part else ""
        return hmac.compare_digest(_md5(f"{ha1}:{self._nonce}{middle}:{ha2}"), part.get("response", ""))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _first_shot(live: LiveCamera) -> Shot:
    return live.shoot(0, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(0), [])


@dataclass(frozen=True, slots=True)
class Request:
    """One RTSP request."""

    method: str
    url: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, raw: str) -> Request:
        """Read a request head.

        Raises:
            ValueError: the first line is not a request.
        """
        lines = raw.split("\r\n")
        method, url, version = lines[0].split(" ")
        if not version.startswith("RTSP/"):
            raise ValueError("not RTSP")
        pairs = (line.split(":", 1) for line in lines[1:] if ":" in line)
        return cls(method, url, {k.strip().lower(): v.strip() for k, v in pairs})

    @property
    def cseq(self) -> str:
        return self.headers.get("cseq", "0")

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))

    @property
    def code(self) -> str:
        """Return the camera's code: the first piece of the path."""
        return unquote(urlsplit(self.url).path.strip("/").split("/")[0])

    @property
    def heat(self) -> bool:
        """Return whether the address is that of the heat sensor."""
        return urlsplit(self.url).path.strip("/").split("/")[1:2] == ["heat"]

    @property
    def track(self) -> str:
        """Return `track1`.. where the address ends in one."""
        last = urlsplit(self.url).path.rstrip("/").split("/")[-1]
        return last if re.fullmatch(r"track\d", last) else ""
