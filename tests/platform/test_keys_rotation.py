"""Keys are renewed while readers and writers go on, and a killed renewal has lost nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ansimnet.app.rotation import (
    open_rows,
    renew_data_keys,
    retire_versions,
    seal_again,
    sealed_columns,
    unknown_columns,
)
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import now
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.ledger.keys import STATE, KeyBroken, KeyStore, version_of
from ansimnet.platform.link_keys import TELL, Forged, Identities
from ansimnet.slices.notifications import store as addresses
from ansimnet.slices.notifications.model import Channel
from ansimnet.slices.supervision import queries as supervision
from ansimnet.slices.supervision.service.register import Draft, register_wearer, set_condition


def store_with(folder: Path, subjects: int) -> tuple[KeyStore, dict[UUID, bytes]]:
    keys = KeyStore(folder)
    return keys, {(s := uuid4()): keys.encrypt(s, STATE, s.bytes, bound_to=b"x") for _ in range(subjects)}


def all_open(keys: KeyStore, sealed: dict[UUID, bytes]) -> bool:
    return all(keys.decrypt(s, STATE, value, bound_to=b"x") == s.bytes for s, value in sealed.items())


def test_a_new_key_encryption_key_follows_and_the_old_one_is_gone(tmp_path: Path) -> None:
    keys, sealed = store_with(tmp_path, 10)
    before, other = (tmp_path / "kek").read_bytes(), KeyStore(tmp_path)
    signer = keys.signer("ledger-signing").key_id
    assert keys.change_kek() == (11, 1)
    assert [p.name for p in tmp_path.glob("kek*")] == ["kek.2"]
    assert all_open(keys, sealed)
    assert all_open(other, sealed)  # a process that began before
    assert all_open(KeyStore(tmp_path), sealed)
    assert KeyStore(tmp_path).signer("ledger-signing").key_id == signer
    with pytest.raises(KeyBroken):
        KeyStore(tmp_path, kek=before).decrypt(next(iter(sealed)), STATE, next(iter(sealed.values())), bound_to=b"x")


def test_writers_and_readers_go_on_while_the_key_encryption_key_changes(tmp_path: Path) -> None:
    keys, sealed = store_with(tmp_path, 15)
    stop, wrong, fresh = threading.Event(), [], {}

    def client() -> None:
        mine = KeyStore(tmp_path)  # another process has nothing but the folder, as this has
        while not stop.is_set():
            subject = uuid4()
            fresh[subject] = mine.encrypt(subject, STATE, subject.bytes, bound_to=b"x")
            if not all_open(mine, dict(list(sealed.items())[:10])):
                wrong.append(subject)

    clients = [threading.Thread(target=client) for _ in range(2)]
    for c in clients:
        c.start()
    try:
        for _ in range(2):
            keys.change_kek()
    finally:
        stop.set()
        for c in clients:
            c.join()
    assert wrong == []
    assert len(fresh) > 5
    assert all_open(KeyStore(tmp_path), sealed | fresh)
    for path in tmp_path.rglob("*.key"):
        assert KeyStore(tmp_path).ring.unwrap(path.read_bytes())


KILLED = """
import sys
from pathlib import Path
from ansimnet.platform.ledger.keys import KeyStore
print("begun", flush=True)
while True:
    KeyStore(Path(sys.argv[1])).change_kek()
"""


def test_a_renewal_that_is_killed_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    keys, sealed = store_with(tmp_path, 12)
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        threading.Event().wait(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert all_open(KeyStore(tmp_path), sealed)
    keys.change_kek()
    assert len(list(tmp_path.glob("kek*"))) == 1
    assert all_open(KeyStore(tmp_path), sealed)


def test_a_destroyed_key_does_not_come_back_by_rewrapping(tmp_path: Path) -> None:
    keys, sealed = store_with(tmp_path, 12)
    doomed = list(sealed)[:6]
    worker = threading.Thread(target=lambda: [KeyStore(tmp_path).destroy(s) for s in doomed])
    worker.start()
    keys.change_kek()
    worker.join()
    assert all(KeyStore(tmp_path).decrypt(s, STATE, sealed[s], bound_to=b"x") is None for s in doomed)


def test_a_lost_key_encryption_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    store_with(tmp_path, 1)
    (tmp_path / "kek").unlink()
    with pytest.raises(KeyBroken, match="missing"):
        KeyStore(tmp_path)
    (tmp_path / "kek").write_bytes(bytes(32))
    (tmp_path / "kek").chmod(0o644)
    with pytest.raises(KeyBroken, match="others may read"):
        KeyStore(tmp_path)


def test_a_key_service_is_asked_by_command(tmp_path: Path) -> None:
    first, second = os.urandom(32), os.urandom(32)
    said = tmp_path / "said"
    said.write_text(first.hex())
    script = tmp_path / "kms"
    script.write_text(f'#!/bin/sh\n[ "$1" = tracking ] && cat {said}\n')
    script.chmod(0o700)
    keys = KeyStore(tmp_path / "keys", source=keks.Command(str(script), "tracking"))
    sealed = {(s := uuid4()): keys.encrypt(s, STATE, s.bytes, bound_to=b"x")}
    assert not list((tmp_path / "keys").glob("kek*"))
    said.write_text(f"{second.hex()}\n{first.hex()}\n")
    turned = KeyStore(tmp_path / "keys", source=keks.Command(str(script), "tracking"))
    assert turned.change_kek() == (1, 0)
    assert all_open(KeyStore(tmp_path / "keys", kek=second), sealed)
    with pytest.raises(KeyBroken, match="command"):
        KeyStore(tmp_path / "keys", source=keks.Command(str(script), "city"))


def test_a_version_of_a_key_seals_until_the_next_and_opens_for_ever(tmp_path: Path) -> None:
    keys, sealed = store_with(tmp_path, 1)
    ((subject, old),) = sealed.items()
    assert version_of(old) == 0
    assert keys.renew(subject) == 1
    new = KeyStore(tmp_path).encrypt(subject, STATE, b"new", bound_to=b"x")
    assert version_of(new) == 1
    assert keys.decrypt(subject, STATE, old, bound_to=b"x") == subject.bytes
    assert keys.decrypt(subject, STATE, new, bound_to=b"x") == b"new"
    assert keys.decrypt(subject, STATE, new, bound_to=b"y") is None
    assert not keys.retire(subject, 1)
    assert keys.retire(subject, 0)
    assert keys.decrypt(subject, STATE, old, bound_to=b"x") is None
    assert keys.years(subject) == [STATE]
    assert keys.destroy(subject) == 1
    assert keys.decrypt(subject, STATE, new, bound_to=b"x") is None
    again = keys.encrypt(subject, STATE, b"later", bound_to=b"x")
    assert keys.decrypt(subject, STATE, again, bound_to=b"x") == b"later"


HOME = Point(37.501234, 127.045678)


async def plant(dbs: Dbs, count: int, area: str = "010-5550") -> list[UUID]:
    """Register wearers with a home each, and an address to reach each."""
    ids: list[UUID] = []
    async with dbs.tracking.transaction() as tx:
        for i in range(count):
            wearer = await register_wearer(
                tx, code=f"K-{uuid4().hex[:8]}", offence="sexual_violence", office="해담",
                order_number=f"2026고합{i:04}",
                from_at=now(), until_at=now().replace(year=2030), actor="system:test", now=now(),
            )  # fmt: skip
            draft = Draft(trigger=Trigger.CURFEW, label="주거지", centre=HOME, radius_m=80.0)
            await set_condition(tx, wearer, draft, actor="system:test", now=now())
            await addresses.save_address(tx, wearer, Channel.SMS, f"{area}-{i:04}", now())
            ids.append(wearer)
    return ids


async def whole(dbs: Dbs, ids: list[UUID]) -> bool:
    async with dbs.tracking.transaction() as tx:
        for i, wearer_id in enumerate(ids):
            wearer = await supervision.wearer(tx, wearer_id)
            (condition,) = await supervision.conditions(tx, wearer_id)
            reached = await addresses.load_addresses(tx, wearer_id, Channel.SMS)
            assert wearer is not None
            if wearer.order_number != f"2026고합{i:04}" or condition.label != "주거지":
                return False
            if condition.home.centre != HOME or reached[0][1] != f"010-5550-{i:04}":  # type: ignore[union-attr]
                return False
    return True


async def test_data_keys_are_renewed_while_a_client_reads_and_writes(dbs: Dbs) -> None:
    store = dbs.tracking.keys
    assert store is not None
    ids = await plant(dbs, 8)
    stop, seen = asyncio.Event(), [0]

    async def client() -> None:
        while not stop.is_set():
            assert await whole(dbs, ids)
            await plant(dbs, 1, f"010-7{seen[0]:03}")
            seen[0] += 1

    busy = asyncio.create_task(client())
    for _ in range(2):
        assert renew_data_keys(store).renewed >= 8
        assert (await seal_again(dbs.tracking)).sealed_again > 0
        await asyncio.sleep(0)
    stop.set()
    await busy
    assert seen[0] > 0
    assert await whole(dbs, ids)
    await seal_again(dbs.tracking)
    gone = await retire_versions(dbs.tracking, store, grace_s=0)
    assert gone.destroyed >= 16
    assert await whole(dbs, ids)
    kept = await retire_versions(dbs.tracking, store)  # within the grace nothing goes
    assert kept.destroyed == 0


async def test_a_version_under_which_something_rests_is_not_destroyed(dbs: Dbs) -> None:
    store = dbs.tracking.keys
    assert store is not None
    ids = await plant(dbs, 3)
    renew_data_keys(store)
    assert (await retire_versions(dbs.tracking, store, grace_s=0)).destroyed == 0
    assert await whole(dbs, ids)
    again = await seal_again(dbs.tracking)
    assert again.sealed_again > 0
    assert (await seal_again(dbs.tracking)).sealed_again == 0  # it has been done: another run finds nothing
    assert (await retire_versions(dbs.tracking, store, grace_s=0)).destroyed >= 3
    assert await whole(dbs, ids)


async def test_rows_from_before_are_sealed_and_found_until_then(dbs: Dbs) -> None:
    (wearer_id,) = await plant(dbs, 1)
    assert await open_rows(dbs.tracking) == {}
    async with dbs.tracking.transaction() as tx:
        await tx.execute(
            "update supervision_condition set label = '열린 말', zone_sealed = null, "
            "centre_lat = 37.5, centre_lon = 127, radius_m = 50"
        )
        await tx.execute("update supervision_wearer set order_number = '2026고합0000'")
    found = await open_rows(dbs.tracking)
    assert found == {
        "supervision_condition.zone_sealed": 1, "supervision_condition.label": 1, "supervision_wearer.order_number": 1,
    }  # fmt: skip
    async with dbs.tracking.transaction() as tx:
        (condition,) = await supervision.conditions(tx, wearer_id)
    assert (condition.label, condition.home.centre) == ("열린 말", Point(37.5, 127.0))  # type: ignore[union-attr]
    assert (await seal_again(dbs.tracking)).sealed_again == 3
    assert await open_rows(dbs.tracking) == {}
    async with dbs.tracking.transaction() as tx:
        (condition,) = await supervision.conditions(tx, wearer_id)
    assert (condition.label, condition.home.centre) == ("열린 말", Point(37.5, 127.0))  # type: ignore[union-attr]


async def test_every_sealed_column_is_named_and_exists(dbs: Dbs) -> None:
    assert await unknown_columns(dbs.tracking) == []
    async with dbs.tracking.transaction() as tx:
        for column in sealed_columns():
            row = await tx.one(
                "select 1 from information_schema.columns where table_name = %s and column_name = %s",
                (column.table, column.column),
            )
            assert row is not None, column.name


async def test_an_address_from_before_loses_its_guessable_digest(dbs: Dbs) -> None:
    import hashlib

    async with dbs.tracking.transaction() as tx:
        subject, number = uuid4(), "010-5550-0001"
        easy = hashlib.sha256(tx.centre_id.bytes + b"sms" + number.encode()).digest()
        assert tx.keys is not None
        sealed = tx.keys.encrypt(subject, STATE, number.encode(), bound_to=easy)
        await tx.execute(
            "insert into notifications_address (address_id, subject_id, channel, address_sealed, digest, made_at) "
            "values (%s, %s, 'sms', %s, %s, %s)",
            (uuid4(), subject, sealed, easy, now()),
        )
    await seal_again(dbs.tracking)
    async with dbs.tracking.transaction() as tx:
        row = await tx.one("select digest from notifications_address")
        assert row is not None
        assert bytes(row[0]) != easy
        assert [a for _, a in await addresses.load_addresses(tx, subject, Channel.SMS)] == [number]
        await addresses.save_address(tx, subject, Channel.SMS, number, now())
        assert len(await addresses.load_addresses(tx, subject, Channel.SMS)) == 1


def test_a_link_key_follows_another_and_both_are_believed_meanwhile(tmp_path: Path) -> None:
    here, there = Identities(tmp_path / "here"), Identities(tmp_path / "there")
    here.signer(TRACKING_CENTRE)
    (tmp_path / "there").mkdir()

    def hand_over() -> None:
        for public in (tmp_path / "here").glob("*.pub"):
            (tmp_path / "there" / public.name).write_bytes(public.read_bytes())

    hand_over()
    before = here.sign(TRACKING_CENTRE, TELL, {"n": 1})
    there.check(TRACKING_CENTRE, TELL, before.body, before.headers)
    here.prepare(TRACKING_CENTRE)
    hand_over()
    here.switch(TRACKING_CENTRE)
    after = here.sign(TRACKING_CENTRE, TELL, {"n": 2})
    assert after.headers != before.headers
    there.check(TRACKING_CENTRE, TELL, after.body, after.headers)  # it holds what was prepared
    hand_over()
    for message in (before, after):
        there.check(TRACKING_CENTRE, TELL, message.body, message.headers)
    assert here.finish(TRACKING_CENTRE)
    with pytest.raises(Forged):
        here.check(TRACKING_CENTRE, TELL, before.body, before.headers)
    here.check(TRACKING_CENTRE, TELL, after.body, after.headers)
    with pytest.raises(Forged):
        here.check(CITY_CENTRE, TELL, after.body, after.headers)
