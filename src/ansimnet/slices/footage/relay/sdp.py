"""Read a session description (RFC 8866) for what the relay wants of it: one H.264 track, one metadata track.

A sound track is noted too; it is set up only for a camera whose site has a ground of its own to be listened to.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from ansimnet.kernel.errors import Refusal

MAX_MEDIA = 32
"""More tracks than any camera has; the rest is not read."""


class BadStream(Refusal):
    """What the camera sent cannot be read."""

    name = "bad-stream"


class UnsupportedStream(Refusal):
    """The camera sends a video format that browsers here cannot show."""

    name = "unsupported-stream"


class H265Stream(UnsupportedStream):
    """The camera sends H.265: no browser plays it everywhere, and the relay passes H.264 alone."""

    name = "h265"


@dataclass(frozen=True, slots=True)
class Media:
    """One `m=` block. `encoding` is upper case; `fmtp` keys are lower case."""

    kind: str
    payload_type: int
    encoding: str
    clock_hz: int
    control: str
    fmtp: dict[str, str]


@dataclass(frozen=True, slots=True)
class Description:
    """The tracks the relay sets up. Sound is among them for a camera that is listened to, and for no other."""

    video: Media
    metadata: Media | None
    sound: Media | None
    base_control: str

    def parameter_sets(self) -> list[bytes]:
        """Return the NAL units of `sprop-parameter-sets`; damaged ones are left out (they come in band too)."""
        found: list[bytes] = []
        for word in self.video.fmtp.get("sprop-parameter-sets", "").split(","):
            try:
                nal = base64.b64decode(word, validate=True)
            except (binascii.Error, ValueError):
                continue
            if nal:
                found.append(nal)
        return found


SOUNDS = ("PCMU", "PCMA", "MPEG4-GENERIC")
"""G.711 and AAC: what cameras with a microphone send."""

_STATIC = {0: "PCMU", 8: "PCMA", 26: "JPEG", 32: "MPV", 33: "MP2T"}
"""Payload types that need no rtpmap (RFC 3551 table 4 and 5), as far as cameras use them."""


def _media(lines: list[str]) -> Media | None:
    words = lines[0].split()
    if len(words) < 4 or not words[3].isdigit():
        return None
    kind, payload_type = words[0].lower(), int(words[3])
    encoding, clock_hz, control, fmtp = _STATIC.get(payload_type, ""), 90_000, "", dict[str, str]()
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name == "rtpmap" and value.split(" ")[0] == str(payload_type):
            encoding, _, rate = value.partition(" ")[2].strip().partition("/")
            rate = rate.split("/")[0]
            clock_hz = int(rate) if rate.isdecimal() and 0 < len(rate) < 8 else 90_000
        elif name == "fmtp" and value.split(" ")[0] == str(payload_type):
            for part in value.partition(" ")[2].split(";"):
                key, _, word = part.strip().partition("=")
                fmtp[key.lower()] = word
        elif name == "control":
            control = value.strip()
    if encoding in ("PCMU", "PCMA") and not any(line.startswith("rtpmap") for line in lines):
        clock_hz = 8000  # RFC 3551 table 4
    return Media(kind, payload_type, encoding.upper(), clock_hz, control, fmtp)


def read(text: str) -> Description:
    """Return what to set up.

    Raises:
        UnsupportedStream: there is video, but no H.264.
        BadStream: there is no video.
    """
    base_control, blocks = "", list[list[str]]()
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            if len(blocks) == MAX_MEDIA:
                break
            blocks.append([line[2:]])
        elif line.startswith("a="):
            if blocks:
                blocks[-1].append(line[2:])
            elif line.startswith("a=control:"):
                base_control = line[len("a=control:") :].strip()
    medias = [m for m in map(_media, blocks) if m is not None]
    videos = [m for m in medias if m.kind == "video"]
    video = next((m for m in videos if m.encoding == "H264"), None)
    if video is None:
        if any(m.encoding in ("H265", "HEVC") for m in videos):
            raise H265Stream("the camera sends H.265", todo="set its sub-stream to H.264")
        if videos:
            raise UnsupportedStream(f"the camera sends `{videos[0].encoding}`", todo="set its sub-stream to H.264")
        raise BadStream("the camera describes no video")
    metadata = next(
        (m for m in medias if m.kind == "application" and m.encoding == "VND.ONVIF.METADATA"),
        None,
    )
    sound = next((m for m in medias if m.kind == "audio" and m.encoding in SOUNDS), None)
    return Description(video, metadata, sound, base_control)
