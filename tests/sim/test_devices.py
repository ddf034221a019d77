from __future__ import annotations

import asyncio
import json
import math
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.kernel.clock import now
from ansimnet_sim.city import City
from ansimnet_sim.devices import Device
from ansimnet_sim.gnss import Link, Receiver
from ansimnet_sim.people import Pose


def errors(seed: int, n: int = 3000, *, indoors: bool = False) -> list[float]:
    r = Receiver(Random(seed), indoors)
    return [r.measure(float(t), 0.0, 0.0, 0.3).true_error_m for t in range(n)]


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_errors_are_those_the_model_states(seed: int) -> None:
    found = sorted(errors(seed))
    assert 3 < found[len(found) // 2] < 12
    assert found[-1] > 20  # an outlier comes in fifty minutes
    assert found[-1] < 100
    assert errors(seed) == errors(seed)
    assert sorted(errors(seed, indoors=True))[1500] > found[1500]


def test_bias_drifts_slowly() -> None:
    r = Receiver(Random(4))
    fixes = [r.measure(float(t), 0.0, 0.0, 0.0) for t in range(600)]
    near = [math.dist((a.x, a.y), (b.x, b.y)) for a, b in pairwise(fixes)]
    assert sorted(near)[300] < 6


def test_the_link_loses_in_bursts() -> None:
    link = Link(Random(2))
    held = [link.fate()[0] for _ in range(5000)]
    runs = sum(a and not b for a, b in pairwise(held))
    assert 0.01 < sum(held) / 5000 < 0.12
    assert sum(held) / runs > 2


def device(city: City, **more: Any) -> Device:
    still = Pose(10.0, 20.0, 0.0, 0.0, 0.0)
    return Device("W-1-1", "key", city, lambda _: still, "http://device.test", 3, 1.0, now(), **more)


def test_a_cut_strap_raises_the_flag_and_the_device_stays(haedam: City) -> None:
    d = Device("W-1-1", "k", haedam, lambda t: Pose(t, 0.0, 0.0, 1.0, 0.0), "http://x", 3, 1.0, now(), tamper_at_s=5.0)
    before, after = d.take(4.0), d.take(60.0)
    assert not before.tamper
    assert after.tamper
    assert "tamper" not in before.json("n")
    assert after.json("n")["tamper"] is True
    assert after.osmand("n")["alarm"] == "tampering"
    x, _ = haedam.plane.to_xy(haedam.plane.to_point(5.0, 0.0))
    lon = haedam.plane.to_point(5.0, 0.0).lon
    assert abs(after.lon - lon) < 0.001
    assert x > 0


def test_what_is_not_acknowledged_is_kept_and_sent_again(haedam: City) -> None:
    answers = [503, 503, 200]
    seen: list[list[str]] = []

    def centre(request: httpx.Request) -> httpx.Response:
        seen.append([p["id"] for p in json.loads(request.content)["positions"]])
        assert request.headers["authorization"] == "Bearer key"
        return httpx.Response(answers[len(seen) - 1], json={"accepted": 1, "refused": []})

    async def go() -> Device:
        d = device(haedam)
        async with httpx.AsyncClient(transport=httpx.MockTransport(centre)) as client:
            for t in (1.0, 2.0, 3.0):
                d._waiting.append(d.take(t))
                await d.deliver(client)
        return d

    d = asyncio.run(go())
    assert [len(s) for s in seen] == [1, 2, 3]
    assert seen[2][:2] == seen[1]
    assert len(d.sent) == 3
    assert d.failures == 2


def test_the_backlog_comes_in_one_batch_of_the_past(haedam: City) -> None:
    bodies: list[int] = []

    def centre(request: httpx.Request) -> httpx.Response:
        bodies.append(len(json.loads(request.content)["positions"]))
        return httpx.Response(200, json={"accepted": 60})

    async def go() -> Device:
        d = device(haedam)
        async with httpx.AsyncClient(transport=httpx.MockTransport(centre)) as client:
            await d.backlog(client, 600.0, 10.0)
        return d

    d = asyncio.run(go())
    assert bodies == [60]
    assert d.sent[0].fix.seen_at < now() - timedelta(seconds=590)
