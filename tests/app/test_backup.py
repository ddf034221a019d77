"""A backup opens nothing by itself; with the exported keys it is the whole installation again."""

from __future__ import annotations

import asyncio
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ansimnet.app.backup import BadBackup, NotEmpty, back_up, restore
from ansimnet.app.keyring import KeysThere, WrongHolder, export_keys, import_keys, list_keys
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import WearerId
from ansimnet.platform.database import PASSWORDS, database, key_stores
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.settings import Settings
from ansimnet.slices.supervision import queries as supervision
from ansimnet.slices.supervision.service.register import Draft, register_wearer, set_condition

HOME = Point(37.512345678, 127.056789012)
ORDER = "2026고합777123"
PASSPHRASE = "여섯 낱말로 된 아주 긴 문장"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's own user can walk through."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-backup-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def quiet(_: str) -> None:
    """Say nothing."""


async def live_a_little(dbs: Dbs, settings: Settings) -> WearerId:
    """Register a wearer with a home, open a session, and seal what was written."""
    async with dbs.tracking.transaction() as tx:
        wearer_id = await register_wearer(
            tx, code="B-1", offence="sexual_violence", office="해담", order_number=ORDER, from_at=now(),
            until_at=now() + timedelta(days=300), actor="system:test", now=now(),
        )  # fmt: skip
        draft = Draft(trigger=Trigger.CURFEW, label="주거지", centre=HOME, radius_m=60.0)
        await set_condition(tx, wearer_id, draft, actor="system:test", now=now())
        await tx.execute(
            "insert into policy_attempt (key_sha256, failures, free_at, last_at) values (%s, 1, now(), now())",
            (b"k" * 32,),
        )
    sealer = Sealer(dbs.sealer, key_stores(settings), settings.data_dir / "ledger")
    await sealer.once(checkpoint=True)
    return wearer_id


async def test_a_backup_and_the_exported_keys_are_the_installation_again(place: Path) -> None:
    old, new = Settings(data_dir=place / "old"), Settings(data_dir=place / "new")
    backup, keys = place / "night.backup", place / "holder.keys"
    with database(old, say=quiet) as db:
        async with db.dbs(old) as dbs:
            wearer_id = await live_a_little(dbs, old)
            manifest = await asyncio.to_thread(back_up, old, backup, say=quiet)
            await live_a_little_more(dbs, old)  # what comes after is not in it
    count = export_keys(old, keys, passphrase=PASSPHRASE)
    assert count >= 5
    assert sum(manifest["entries"].values()) == 2
    assert {p.stat().st_mode & 0o777 for p in (backup, keys)} == {0o600}
    _holds_no_secret(old, backup, keys)

    with pytest.raises(NotEmpty, match="no keys"):
        await asyncio.to_thread(restore, new, backup, say=quiet)
    assert import_keys(new, keys, passphrase=PASSPHRASE) == count
    report = await asyncio.to_thread(restore, new, backup, say=quiet)
    assert report.verified, report
    assert sum(c.entries for c in report.centres) == 2
    with database(new, migrate=False, say=quiet) as db:
        async with db.dbs(new) as dbs:
            async with dbs.tracking.transaction() as tx:
                wearer = await supervision.wearer(tx, wearer_id)
                (condition,) = await supervision.conditions(tx, wearer_id)
                left = await tx.one("select count(*) from policy_attempt")
            assert wearer is not None
            assert (wearer.order_number, condition.label) == (ORDER, "주거지")
            assert condition.home.centre == HOME  # type: ignore[union-attr]
            assert left == (0,)
            await live_a_little_more(dbs, new)  # the same signing key goes on sealing
        with pytest.raises(NotEmpty):
            await asyncio.to_thread(restore, new, backup, say=quiet)
    from ansimnet.app.ledgers import verify_all

    report = await asyncio.to_thread(verify_all, new, say=quiet)
    assert report.verified


async def live_a_little_more(dbs: Dbs, settings: Settings) -> None:
    """Write one more fact and seal it."""
    async with dbs.tracking.transaction() as tx:
        await register_wearer(
            tx, code="B-2", offence="sexual_violence", office="해담", order_number="-", from_at=now(),
            until_at=now() + timedelta(days=300), actor="system:test", now=now(),
        )  # fmt: skip
    await Sealer(dbs.sealer, key_stores(settings), settings.data_dir / "ledger").once(checkpoint=True)


def _holds_no_secret(settings: Settings, *files: Path) -> None:
    secrets = [p.read_bytes() for p in settings.keys_dir.rglob("*") if p.is_file() and p.stat().st_size]
    secrets += [p.encode() for p in json.loads((settings.data_dir / PASSWORDS).read_text()).values()]
    for file in files:
        content = file.read_bytes()
        for secret in [s for s in secrets if len(s) > 8]:
            assert secret not in content, file
            assert secret.hex().encode() not in content, file
    with tarfile.open(files[0]) as tar:
        names = tar.getnames()
    assert {"manifest.json", "database.dump"} <= set(names)
    assert not [n for n in names if n.endswith((".key", "kek", ".pem"))]


def test_an_export_opens_for_its_holder_alone(tmp_path: Path) -> None:
    here, there = Settings(data_dir=tmp_path / "here"), Settings(data_dir=tmp_path / "there")
    for store in key_stores(here).values():
        store.signer("ledger-signing")
    file = tmp_path / "keys"
    with pytest.raises(Refusal, match="short"):
        export_keys(here, file, passphrase="kurz")
    holder = X25519PrivateKey.generate()
    public, private = tmp_path / "holder.pub", tmp_path / "holder.pem"
    public.write_bytes(
        holder.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    private.write_bytes(
        holder.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    count = export_keys(here, file, holder=public)
    with pytest.raises(KeysThere):
        export_keys(here, file, holder=public)
    other = tmp_path / "other.pem"
    other.write_bytes(
        X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    for wrong in ({"private": other}, {"passphrase": PASSPHRASE}):
        with pytest.raises(WrongHolder):
            import_keys(there, file, **wrong)
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises(WrongHolder):
        import_keys(there, tmp_path / "damaged", private=private)
    assert import_keys(there, file, private=private) == count
    ours, theirs = key_stores(here), key_stores(there)
    for centre, store in ours.items():
        assert store.signer("ledger-signing").key_id == theirs[centre].signer("ledger-signing").key_id
    with pytest.raises(KeysThere):
        import_keys(there, file, private=private)
    assert {line.count for line in list_keys(there) if line.what == "signing"} == {1}


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"no tar at all")
    with pytest.raises(BadBackup):
        restore(Settings(data_dir=tmp_path / "data"), file, without_keys=True, say=quiet)
