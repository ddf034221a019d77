"""`ansimnet doctor security` finds what was planted, says what to do, and is quiet where all is well."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.conftest import Cluster
from typer.testing import CliRunner

from ansimnet.app.doctor import Finding
from ansimnet.app.doctor_security import examine
from ansimnet.app.main import cli
from ansimnet.kernel.clock import now
from ansimnet.platform import settings as settings_module
from ansimnet.platform.database import key_stores
from ansimnet.platform.db import Dbs
from ansimnet.platform.roles import Urls
from ansimnet.platform.settings import Settings


@pytest.fixture
def here(urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation on the test's own database, with keys."""
    for name in [n for n in os.environ if n.startswith("ANSIMNET_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": urls.owner,
        "DATABASE_TRACKING_URL": urls.tracking,
        "DATABASE_CITY_URL": urls.city,
        "DATABASE_SEALER_URL": urls.sealer,
    }.items():
        monkeypatch.setenv(f"ANSIMNET_{name}", value)
    settings_module.settings.cache_clear()
    for store in key_stores(Settings()).values():
        store.signer("ledger-signing")
    yield tmp_path
    settings_module.settings.cache_clear()


def look() -> dict[str, Finding]:
    """Return the worst finding of each sort."""
    order = {"bad": 2, "odd": 1, "good": 0}
    worst: dict[str, Finding] = {}
    for finding in asyncio.run(examine(Settings(), say=lambda _: None)):
        if finding.what not in worst or order[finding.state] > order[worst[finding.what].state]:
            worst[finding.what] = finding
    return worst


def test_a_fresh_installation_has_nothing_bad_and_each_finding_says_what_to_do(here: Path) -> None:
    found = look()
    assert {f.what: f.found for f in found.values() if f.state == "bad"} == {}
    assert {"file modes", "keys open", "ledger rights", "roles", "unsealed rows", "TLS", "cookies", "masking"} <= set(
        found
    )
    assert all(f.todo for f in found.values() if f.state != "good")


def test_as_a_command_with_json_and_an_exit_code(here: Path) -> None:
    said = CliRunner().invoke(cli, ["doctor", "security", "--json"])
    assert said.exit_code == 0, said.output
    assert all(set(f) == {"state", "what", "found", "todo"} for f in json.loads(said.stdout.strip().splitlines()[-1]))
    (here / "data" / "keys" / "tracking" / "kek").chmod(0o644)
    assert CliRunner().invoke(cli, ["doctor", "security"]).exit_code == 1
    assert CliRunner().invoke(cli, ["doctor", "weather"]).exit_code == 2


def test_secrets_that_others_may_read(here: Path) -> None:
    (here / "data" / "keys" / "city" / "ledger-signing.key").chmod(0o640)
    found = look()["file modes"]
    assert (found.state, "ledger-signing.key" in found.found, found.todo.startswith("chmod 600")) == ("bad", True, True)


def test_a_lost_key_encryption_key(here: Path) -> None:
    (here / "data" / "keys" / "tracking" / "kek").write_bytes(bytes(32))
    assert look()["keys open"].state == "bad"


def test_keys_beside_the_data_and_elsewhere(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSIMNET_DATABASE_URL")
    from ansimnet.app.doctor_security import _kek_apart

    assert _kek_apart(Settings()).state == "odd"
    monkeypatch.setenv("ANSIMNET_KEK_COMMAND", "/bin/false")
    assert _kek_apart(Settings()).state == "good"


def test_old_keys_and_a_change_half_way(here: Path) -> None:
    kek = here / "data" / "keys" / "tracking" / "kek"
    os.utime(kek, (0, 0))
    assert look()["old keys"].todo == "ansimnet keys rotate kek"
    (kek.parent / "kek.2").write_bytes(os.urandom(32))
    (kek.parent / "kek.2").chmod(0o600)
    os.utime(kek, None)
    assert "unfinished" in look()["old keys"].found


def test_doors_that_stand_open(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIMNET_HTTP_HOST", "0.0.0.0")
    monkeypatch.setenv("ANSIMNET_HTTP_PUBLIC_URL", "http://ansimnet.example")
    monkeypatch.setenv("ANSIMNET_SMS_URL", "http://sms.example/send")
    found = look()
    assert [found[w].state for w in ("TLS", "ports", "outgoing")] == ["bad", "odd", "bad"]
    monkeypatch.setenv("ANSIMNET_HTTP_PUBLIC_URL", "https://127.0.0.1:1")
    found = look()
    assert [found[w].state for w in ("TLS", "cookies", "relay")] == ["good", "bad", "bad"]
    monkeypatch.setenv("ANSIMNET_SECURE_COOKIES", "1")
    assert look()["cookies"].state == "good"


def certificate(days: int) -> bytes:
    key, name = Ed25519PrivateKey.generate(), x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    begun = builder.not_valid_before(now() - timedelta(days=400)).not_valid_after(now() + timedelta(days=days))
    return begun.sign(key, None).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("days", "state"), [(-1, "bad"), (10, "odd"), (200, "good")])
def test_certificates(here: Path, monkeypatch: pytest.MonkeyPatch, days: int, state: str) -> None:
    from ansimnet.app.doctor_security import _certificates

    file = here / "ca.pem"
    file.write_bytes(certificate(days))
    monkeypatch.setenv("ANSIMNET_PUSH_CA_FILE", str(file))
    assert [f.state for f in _certificates(Settings())] == [state]


def test_rights_on_the_ledger_and_a_role_above_the_rules(here: Path, urls: Urls, cluster: Cluster) -> None:
    with psycopg.connect(cluster.superuser(urls), autocommit=True) as conn:
        conn.execute("grant delete on ledger_entry to ansimnet_city")
        conn.execute("create table stray (centre_id uuid)")
    found = look()
    assert (found["ledger rights"].state, "ansimnet_city may DELETE" in found["ledger rights"].found) == ("bad", True)
    assert (found["tenancy"].state, "stray" in found["tenancy"].found) == ("bad", True)


async def test_passwords_that_everybody_knows_and_rows_that_lie_open(here: Path, urls: Urls) -> None:
    async with Dbs.at(urls, keys=key_stores(Settings())) as dbs, dbs.tracking.transaction() as tx:
        await tx.execute(  # from before such passwords were refused
            "insert into policy_account (account_id, login, password_hash, role, display, created_at) "
            "values (gen_random_uuid(), 'nachtwache-eins', %s, 'auditor', '', now())",
            (PasswordHasher().hash("nachtwache-eins"),),
        )
        await tx.execute(
            "insert into supervision_wearer (wearer_id, code, offence, office, order_number, order_from_at, "
            "order_until_at, registered_at) values (gen_random_uuid(), 'W', 'sexual_violence', 'o', '2026고합1', "
            "now(), now() + interval '1 day', now())"
        )
    found = {f.what: f for f in await examine(Settings(), say=lambda _: None)}
    assert (found["unsealed rows"].state, found["unsealed rows"].todo) == ("bad", "ansimnet keys rotate data")
    assert "supervision_wearer.order_number (1)" in found["unsealed rows"].found
    assert (found["passwords"].state, "nachtwache-eins" in found["passwords"].found) == ("bad", True)
