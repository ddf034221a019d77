"""What the relay shows of the past: `relay.showing.Recordings` on a window."""

from __future__ import annotations

from ansimnet.kernel.permits import Masking
from ansimnet.slices.footage.recording.asked import Asked
from ansimnet.slices.footage.recording.clips import Clips
from ansimnet.slices.footage.recording.picture_worker import PictureWorker
from ansimnet.slices.footage.recording.playback import PlaybackStream
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.relay.gate import Held
from ansimnet.slices.footage.relay.masker import Maskers, Rendition
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.viewer import Viewer


class ServedRecordings:
    """Opens a stream for each right to recorded pictures; masked unless the right says original."""

    def __init__(self, window: Window, maskers: Maskers) -> None:
        self.window = window
        self.maskers = maskers
        self.worker = PictureWorker()
        self.clips = Clips(window, self.worker)

    def open(self, held: Held, viewer: Viewer) -> Stream:
        assert held.recorded is not None
        original = held.masking is Masking.ORIGINAL
        stream = PlaybackStream(
            held.camera,
            self.window,
            (held.recorded.from_at, held.recorded.until),
            viewer,
            clear=frozenset({held.marked}) if held.marked is not None else frozenset(),
            asked=Asked(self.clips, held),
            rendition=None if original else lambda publish: Rendition(self.maskers, publish),
        )
        stream.start()
        return stream

    def close(self, stream: Stream) -> None:
        stream.stop()

    def stop(self) -> None:
        """End the process that makes pictures."""
        self.worker.stop()
