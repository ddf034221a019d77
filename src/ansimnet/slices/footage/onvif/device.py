"""One device, asked over SOAP through `onvif-zeep-async`: clock, identity, profiles, key frames, turning.

Only the registered host is ever contacted: whatever addresses a device returns, their host and port are replaced by
ours. Every question ends after `PATIENCE_S`. What libraries say of a failure stays inside: it may quote a password.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from aiohttp import ClientSession, DigestAuthMiddleware
from onvif import ONVIFCamera
from onvif.client import ONVIFService
from onvif.exceptions import ONVIFError
from zeep.exceptions import Fault as SoapFault

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Conflict, Kind, Refusal
from ansimnet.slices.footage.relay.optics import Raw
from ansimnet.slices.footage.relay.turning import Position

PATIENCE_S = 4.0
"""What a person waits for a camera's answer; a camera that takes longer is as good as silent."""
MOST_PROFILES = 16
T = TypeVar("T")


class DeviceSilent(Refusal):
    """The device does not answer over ONVIF."""

    kind = Kind.UNAVAILABLE
    name = "onvif-silent"


class DeviceLogin(Conflict):
    """The device does not accept the registered ONVIF login."""

    name = "onvif-login"


class DeviceRefused(Conflict):
    """The device refuses, or cannot do this."""

    name = "onvif-refused"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device answers, and who we are to it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)


class Identity(NamedTuple):
    """What a device says it is."""

    maker: str
    model: str
    firmware: str


class Profile(NamedTuple):
    """One stream as the device lists it. `codec` is lower case; `h265` is none that browsers here can show."""

    token: str
    name: str
    codec: str
    width: int
    height: int
    fps: float
    turns: bool


class Device:
    """A device, connected when first asked. Safe to share within one event loop; `close` ends it."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._camera: ONVIFCamera | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Let go of every connection."""
        if self._camera is not None:
            await self._camera.close()
            self._camera = None

    async def clock_off_s(self) -> float:
        """Return the device's clock minus ours. A device tells whole seconds, so ± 0.5 s is nothing."""
        asked_at = now()
        said = await self._ask("devicemgmt", "authless_GetSystemDateAndTime")
        middle = asked_at + (now() - asked_at) / 2
        try:
            day, time = said.UTCDateTime.Date, said.UTCDateTime.Time
            at = datetime(day.Year, day.Month, day.Day, time.Hour, time.Minute, time.Second, tzinfo=UTC)
        except (AttributeError, TypeError, ValueError) as error:
            raise DeviceRefused("the device does not tell the time") from error
        return (at - middle).total_seconds() + 0.5

    async def identity(self) -> Identity:
        """Return what the device says it is."""
        said = await self._ask("devicemgmt", "GetDeviceInformation")
        return Identity(_words(said.Manufacturer), _words(said.Model), _words(said.FirmwareVersion))

    async def profiles(self) -> tuple[Profile, ...]:
        """Return its streams, as many as anybody needs."""
        said = await self._ask("media", "GetProfiles")
        return tuple(_profile(p) for p in list(said or ())[:MOST_PROFILES])

    async def ask_key_frame(self, token: str) -> None:
        """Have the next picture of a profile be a key frame."""
        await self._ask("media", "SetSynchronizationPoint", {"ProfileToken": token})

    async def position(self, token: str) -> Position | None:
        """Return where it looks in its own units; None where it does not say."""
        said = await self._ask("ptz", "GetStatus", {"ProfileToken": token})
        try:
            at = said.Position
            raw = Raw(float(at.PanTilt.x), float(at.PanTilt.y), float(at.Zoom.x) if at.Zoom is not None else 0.0)
        except (AttributeError, TypeError, ValueError):
            return None
        state = getattr(said, "MoveStatus", None)
        return Position(raw, state is not None and "MOVING" in (str(state.PanTilt), str(state.Zoom)))

    async def turn(self, token: str, raw: Raw, speed: float) -> None:
        """Turn to a position at a share of full speed, (0, 1]."""
        wish = {
            "ProfileToken": token,
            "Position": {"PanTilt": {"x": raw.pan, "y": raw.tilt}, "Zoom": {"x": raw.zoom}},
            "Speed": {"PanTilt": {"x": speed, "y": speed}, "Zoom": {"x": speed}},
        }
        await self._ask("ptz", "AbsoluteMove", wish)

    async def stop(self, token: str) -> None:
        """Stop turning and zooming."""
        await self._ask("ptz", "Stop", {"ProfileToken": token, "PanTilt": True, "Zoom": True})

    async def _ask(self, service: str, operation: str, request: dict[str, Any] | None = None) -> Any:
        """Return the answer to one operation.

        Raises:
            DeviceSilent, DeviceLogin, DeviceRefused: see their names.
        """
        try:
            async with self._connecting:
                camera = self._camera or await self._connect()
                of = await _answered(camera.create_onvif_service(service))
            return await _answered(getattr(of, operation)(request))
        except DeviceLogin:
            await self.close()  # its clock may have been set since: the next question measures it again
            raise

    async def _connect(self) -> ONVIFCamera:
        camera = _camera(self.address)
        try:
            await _answered(camera.update_xaddrs())
        except BaseException:
            await camera.close()
            raise
        self._camera = camera
        return camera


class _Camera(ONVIFCamera):  # type: ignore[misc]  # the library has no types
    """Answers a challenge to HTTP digest too (RFC 7616): some devices ask for it instead of the token."""

    async def create_onvif_service(self, name: str, *more: Any, **options: Any) -> ONVIFService:
        known = set(self.services.values())
        service = await super().create_onvif_service(name, *more, **options)
        if service not in known:
            plain = service.transport.session
            service.transport.session = ClientSession(
                connector=plain.connector, connector_owner=False, timeout=plain.timeout,
                middlewares=(DigestAuthMiddleware(self.user, self.passwd),),
            )  # fmt: skip
        return service


def _camera(address: Address) -> ONVIFCamera:
    """Return the library's camera; it removes proxies from the environment, which are others' business."""
    kept = {name: os.environ[name] for name in ("http_proxy", "https_proxy") if name in os.environ}
    try:
        return _Camera(
            address.host,
            address.port,
            address.user,
            address.password,
            no_cache=True,  # the WSDLs lie in the wheel; a cache would write into somebody's home
            adjust_time=True,  # a token is made by the device's clock: a wrong one must not lock us out
            nat_override=True,  # whatever addresses it returns, only the registered one is contacted
        )
    finally:
        os.environ.update(kept)


async def _answered(question: Awaitable[T]) -> T:
    """Return the answer, or one of our refusals without a library's words."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await question
    except SoapFault as error:
        said = f"{error.code} {error.message} {error.subcodes}"
        if "NotAuthorized" in said or "not Authorized" in said or "FailedAuthentication" in said:
            raise DeviceLogin from None
        raise DeviceRefused from None
    except (ONVIFError, AttributeError, KeyError, TypeError, ValueError):
        raise DeviceRefused from None
    except (OSError, TimeoutError):
        raise DeviceSilent from None
    except Exception as error:  # aiohttp, lxml and zeep each have a family of their own
        raise DeviceSilent(what=type(error).__name__) from None


def _profile(said: Any) -> Profile:
    video = getattr(said, "VideoEncoderConfiguration", None)
    size = getattr(video, "Resolution", None)
    rate = getattr(video, "RateControl", None)
    return Profile(
        token=_words(said.token),
        name=_words(said.Name),
        codec=_words(getattr(video, "Encoding", "")).lower().replace(".", ""),
        width=int(getattr(size, "Width", 0) or 0),
        height=int(getattr(size, "Height", 0) or 0),
        fps=float(getattr(rate, "FrameRateLimit", 0) or 0),
        turns=getattr(said, "PTZConfiguration", None) is not None,
    )


def _words(value: object) -> str:
    """Return a device's words, short and printable."""
    return "".join(c for c in str(value or "") if c.isprintable())[:64]
