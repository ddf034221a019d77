"""What operators of the relay look at: counts, bytes and times; no camera, no place, no person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ansimnet.slices.footage.relay.sources import Sources


class Metrics:
    """What operators of the relay look at."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.viewers = Gauge("ansimnet_relay_viewers", "viewers connected now", registry=self.registry)
        self.live = Gauge("ansimnet_relay_cameras_live", "cameras that send pictures now", registry=self.registry)
        self.cameras = Gauge("ansimnet_relay_cameras", "cameras the relay pulls", registry=self.registry)
        self.masked = Gauge("ansimnet_relay_masked_renditions", "masked renditions made now", registry=self.registry)
        self.ends = Counter("ansimnet_relay_views_total", "views that ended", ["reason"], registry=self.registry)
        self.bytes = Counter("ansimnet_relay_sent_bytes_total", "bytes of ended views", registry=self.registry)
        self.frames = Counter("ansimnet_relay_sent_frames_total", "frames of ended views", registry=self.registry)
        self.shed = Counter(
            "ansimnet_relay_shed_frames_total", "frames that ended views did not get", registry=self.registry
        )
        self.mains = Gauge("ansimnet_relay_main_streams", "main streams pulled now", registry=self.registry)
        self.rings = Gauge("ansimnet_relay_ring_bytes", "bytes all rings hold", registry=self.registry)
        self.queues = Gauge("ansimnet_relay_queue_bytes", "bytes that wait for slow viewers", registry=self.registry)
        self.shedding = Gauge(
            "ansimnet_relay_shed_quarters", "quarters of the viewers thinned to key frames", registry=self.registry
        )
        self.reconnects = Gauge("ansimnet_relay_reconnects", "reconnects of running sources", registry=self.registry)
        self.first = Histogram(
            "ansimnet_relay_first_frame_seconds",
            "ticket shown to first picture sent",
            buckets=(0.02, 0.05, 0.1, 0.15, 0.3, 0.6, 1.0, 3.0),
            registry=self.registry,
        )

    def page(self, sources: Sources, queued: int, shed_quarters: int) -> bytes:
        """Return the text form, fresh."""
        self.mains.set(len(sources.mains))
        self.rings.set(sources.rings.used)
        self.queues.set(queued)
        self.shedding.set(shed_quarters)
        self.cameras.set(len(sources.cameras))
        self.live.set(sum(s.ready.is_set() for s in sources.cameras.values()))
        self.masked.set(len(sources.masked))
        self.reconnects.set(sum(s.reconnects for s in sources.cameras.values()))
        return generate_latest(self.registry)
