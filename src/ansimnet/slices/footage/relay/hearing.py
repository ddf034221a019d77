"""Sound on its way from a camera to whoever tells its kinds: packets as they came, kept nowhere."""

from __future__ import annotations

from collections.abc import Callable

from ansimnet.kernel.ids import CameraId
from ansimnet.slices.footage.relay.rtp import Packet
from ansimnet.slices.footage.relay.sdp import Media

Heard = Callable[[CameraId, Media, Packet], None]
"""Called on the event loop with each packet; its payload lies in the connection's buffer and is good for the call."""
