"""Devices by MQTT 3.1.1, with a client that is not ours; misbehaving ones isolated, with no effect on the others."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.platform.db import Dbs
from ansimnet.slices.supervision.api import gateway
from ansimnet.slices.supervision.api import mqtt_wire as frames
from ansimnet.slices.supervision.api.adapters import ADAPTERS
from ansimnet.slices.supervision.api.mqtt import Mqtt
from ansimnet.slices.supervision.rules import isolation
from ansimnet.slices.supervision.rules.isolation import Cause, Conduct
from ansimnet.slices.supervision.service import register
from ansimnet.slices.supervision.service.conduct import Guard
from ansimnet.slices.supervision.service.receive import Report

from .made import NOON
from .test_receive import WHO, World

GOLDEN = json.loads((Path(__file__).parent / "captures" / "golden.json").read_text())
CONNECT = bytes.fromhex("10 18 0004 4d515454 04 c2 003c 0002 6131 0002 6131 0004 6b657931")
"""Client `a1`, user `a1`, password `key1`, keep-alive 60 s, written down by hand from the standard."""


@pytest.mark.parametrize("capture", GOLDEN, ids=[c["what"][:40] for c in GOLDEN])
def test_every_adapter_reads_its_golden_capture(capture: dict[str, Any]) -> None:
    found = ADAPTERS[capture["adapter"]](capture["sent"].encode(), "anklet-1", NOON)
    shown = []
    for r in found:
        assert isinstance(r, Report)
        words = msgspec.structs.asdict(r) | {"seen_at": r.seen_at.isoformat(), "signs": sorted(r.signs)}
        words.pop("index")
        shown.append(words)
    assert shown == capture["reports"]


def test_frames_are_read_however_they_are_cut() -> None:
    publish = b"\x32\x0b\x00\x04pos/\x00\x07{}\n"
    whole = CONNECT + publish + b"\xc0\x00" + b"\xe0\x00"
    expected = [
        frames.Connect("a1", "a1", b"key1", 60), frames.Publish("pos/", b"{}\n", 1, 7), frames.Ping(),
        frames.Disconnect(),
    ]  # fmt: skip
    for size in (1, 2, 3, 7, len(whole)):
        decoder = frames.Decoder()
        found = [p for i in range(0, len(whole), size) for p in decoder.feed(whole[i : i + size])]
        assert found == expected


@pytest.mark.parametrize(
    "said",
    [
        b"\x10\x80\x80\x80\x80\x01",  # a length of five bytes
        b"\x30\xff\xff\xff\x7f",  # 256 MB
        b"\x36\x05\x00\x01a\x00\x01",  # level 3
        b"\x32\x05\x00\x01a\x00\x00",  # packet id 0
        b"\x30\x03\x00\x01#",  # a wildcard
        b"\x30\x04\x00\x02\xff\xfe",  # no UTF-8
        b"\x20\x02\x00\x00",  # what only a server says
        b"\xc1\x00",  # reserved flags
        b"\x82\x02\x00\x01",  # a subscription to nothing
        CONNECT[:-1] + b"",
    ],
)
def test_what_is_no_mqtt_is_no_packet(said: bytes) -> None:
    decoder = frames.Decoder()
    try:
        assert list(decoder.feed(said)) == []  # cut short: waits for the rest
        assert said == CONNECT[:-1]
    except frames.Malformed:
        assert said != CONNECT[:-1]


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_are_packets_or_malformed(parts: list[bytes]) -> None:
    decoder = frames.Decoder()
    try:
        for part in parts:
            assert all(isinstance(p, frames.Packet) for p in decoder.feed(part))
    except frames.Malformed:
        pass


class Door:
    """The door on a free port, and a device of its own for each name."""

    def __init__(self, world: World, mqtt: Mqtt, port: int, guard: Guard) -> None:
        self.world, self.mqtt, self.port, self.guard = world, mqtt, port, guard

    async def second_device(self) -> str:
        async with self.world.db.transaction() as tx:
            _, key = await register.bind_device(tx, self.world.wearer, "anklet-2", actor=WHO, now=NOON)
        return key

    def device(self, key: str, name: str = "anklet-1") -> Device:
        return Device(self.port, name, key)

    async def fixes(self) -> int:
        async with self.world.db.transaction() as tx:
            row = await tx.one("select count(*) from supervision_fix")
        assert row is not None
        return int(row[0])


class Device:
    """A device with the Eclipse client in it, on a thread of its own."""

    def __init__(self, port: int, name: str, key: str) -> None:
        self.code: Any = None
        self.connected, self.left = threading.Event(), threading.Event()
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv311, reconnect_on_failure=False
        )
        self.client.username_pw_set(name, key)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self.left.set()
        self.client.connect("127.0.0.1", port, keepalive=30)
        self.client.loop_start()

    def _on_connect(self, _c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
        self.code = code
        self.connected.set()

    async def up(self) -> str:
        await asyncio.to_thread(self.connected.wait, 20)
        return str(self.code)

    async def say(self, topic: str, payload: bytes, qos: int = 1) -> bool:
        """Publish and wait for the acknowledgement; False where none came."""
        info = self.client.publish(topic, payload, qos)
        for _ in range(400):
            if info.is_published():
                return True
            if self.left.is_set():
                return False
            await asyncio.sleep(0.02)
        return False

    async def close(self) -> None:
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)


@pytest.fixture
async def door(dbs: Dbs) -> AsyncIterator[Door]:
    world = await World(dbs).begin()
    way_in = gateway.Door(world.db, SimulatedClock(NOON + timedelta(hours=1)))
    mqtt = Mqtt(way_in)
    async with mqtt.serve("127.0.0.1", 0, None) as port:
        yield Door(world, mqtt, port, way_in.guard)


def batch(n: int, first: int = 0) -> bytes:
    seen = [(NOON + timedelta(seconds=15 * (first + i))).isoformat() for i in range(n)]
    return json.dumps({"positions": [{"seen_at": s, "lat": 37.5, "lon": 127.03, "error_m": 9} for s in seen]}).encode()


@pytest.mark.requirement("EM-19", "DI-01")
async def test_a_device_is_answered_after_the_commit(door: Door) -> None:
    device = door.device(door.world.key)
    assert await device.up() == "Success"
    assert await device.say("positions", batch(20))
    assert await door.fixes() == 20  # committed before it was acknowledged
    assert await device.say("positions", batch(20), qos=2)
    assert await door.fixes() == 20  # the same again changes nothing
    own = b'{"_type":"location","lat":37.5,"lon":127.03,"acc":9,"tst":%d}' % int(NOON.timestamp() + 7)
    assert await device.say("owntracks/user/anklet-1", own)
    assert await door.fixes() == 21
    await device.close()


async def test_each_device_has_its_own_key_and_speaks_for_itself(door: Door) -> None:
    key2 = await door.second_device()
    for key, name in (("wrong", "anklet-1"), (key2, "anklet-1"), ("", "anklet-1")):
        stranger = door.device(key, name)
        assert await stranger.up() == "Not authorized"
        await stranger.close()
    device = door.device(key2, "anklet-2")
    await device.up()
    named = {"positions": [{"name": "anklet-1", "seen_at": NOON.isoformat(), "lat": 37.5, "lon": 127.03}]}
    assert await device.say("positions", json.dumps(named).encode())  # acknowledged, and refused: it is not its own
    assert await door.fixes() == 0
    await device.close()


async def test_who_speaks_nonsense_is_isolated_and_nobody_else(door: Door) -> None:
    bad, good = door.device(door.world.key), door.device(await door.second_device(), "anklet-2")
    await bad.up()
    await good.up()
    answered = 0
    while answered < 200 and await bad.say("positions", b"\xff{nonsense"):
        answered += 1
    assert isolation.BUCKETS[Cause.MALFORMED].holds <= answered < 200
    assert await good.say("positions", batch(5))
    again = door.device(door.world.key)
    assert await again.up() == "Server unavailable"
    async with door.world.db.transaction() as tx:
        rows = await tx.all("select convert_from(body, 'utf8') from ledger_entry where kind like '%%sender.isolated%%'")
    (fact,) = [json.loads(r[0]) for r in rows]
    assert (fact["cause"], fact["device_id"]) == ("malformed", str(door.world.device))
    assert await door.fixes() == 5
    for device in (bad, good, again):
        await device.close()


async def test_garbage_ends_its_own_connection_alone(door: Door) -> None:
    good = door.device(door.world.key)
    await good.up()
    for said in (b"GET / HTTP/1.1\r\n\r\n", b"\x10\x80\x80\x80\x80\x01", b"\x30\x00", CONNECT, b"\x16\x03\x01" * 50):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(said)
        answer = await reader.read(16)
        assert answer in (b"", frames.connack(frames.CONNACK_STRANGER))
        writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(CONNECT.replace(b"MQTT\x04", b"MQTT\x05"))
    assert await reader.read(16) == frames.connack(frames.CONNACK_LEVEL)
    writer.close()
    assert await good.say("positions", batch(3))
    await good.close()


async def test_nobody_subscribes(door: Door) -> None:
    device = door.device(door.world.key)
    refused: list[Any] = []
    device.client.on_subscribe = lambda _c, _u, _m, codes, _p: refused.extend(codes)
    await device.up()
    device.client.subscribe("#")
    for _ in range(200):
        if refused:
            break
        await asyncio.sleep(0.02)
    assert [str(code) for code in refused] == ["Unspecified error"]
    await device.close()


# ---------------------------------------------------------------------------------------------------- the rule itself


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 900)), max_size=30))
def test_a_bucket_overflows_only_above_its_rim(steps: list[tuple[float, int]]) -> None:
    bucket = isolation.BUCKETS[Cause.FLOOD]
    c, level, now = Conduct(NOON), 0.0, NOON
    for wait_s, n in steps:
        now += timedelta(seconds=wait_s)
        c, cause = isolation.observe(c, now, {Cause.FLOOD: n})
        level = max(0.0, level - round(wait_s, 6) * bucket.leaks_per_s) + n
        if level > bucket.holds + 1:
            assert cause is Cause.FLOOD
        if level < bucket.holds - 1:
            assert cause is None
        level = 0.0 if cause else level


def test_an_isolation_lasts_longer_each_time_and_is_forgotten() -> None:
    c, now, lasted = Conduct(NOON), NOON, []
    for _ in range(9):
        c, cause = isolation.observe(c, now, {Cause.MALFORMED: 51})
        assert cause is Cause.MALFORMED
        assert c.isolated_until is not None
        lasted.append(c.isolated_until - now)
        now = c.isolated_until
        assert not c.isolated(now)
    assert lasted[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert lasted[-1] == isolation.LONGEST
    c, _ = isolation.observe(c, now + timedelta(hours=25), {Cause.MALFORMED: 51})
    assert c.times == 1


def test_a_makers_gateway_may_speak_for_a_hundred() -> None:
    busy = {Cause.FLOOD: 700, Cause.MALFORMED: 60}
    assert isolation.observe(Conduct(NOON), NOON, busy)[1] is Cause.FLOOD
    assert isolation.observe(Conduct(NOON), NOON, busy, gateway=True)[1] is None
