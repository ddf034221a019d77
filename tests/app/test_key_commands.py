"""`ansimnet keys …` as a person meets it: counts without contents, renewal with its next step, a file for a safe."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conftest import Cluster
from typer.testing import CliRunner, Result

from ansimnet.app.keyring import finish_vapid, rotate_vapid
from ansimnet.app.main import cli
from ansimnet.kernel.clock import now
from ansimnet.platform import settings as settings_module
from ansimnet.platform.database import key_stores
from ansimnet.platform.roles import Urls
from ansimnet.platform.settings import Settings
from ansimnet.slices.notifications.model import Subscription
from ansimnet.slices.notifications.service import push, push_public_key


@pytest.fixture
def here(urls: Urls, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
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
    monkeypatch.setenv("ANSIMNET_ADMIN_URL", cluster.superuser(urls))
    yield tmp_path
    settings_module.settings.cache_clear()


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), env={"COLUMNS": "300", "TERM": "dumb"})


def said(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_keys_are_counted_and_never_shown(here: Path) -> None:
    lines = said(run("keys", "list", "--json"))
    assert {(line["what"], line["centre"]): line["count"] for line in lines if line["what"] == "key-encryption"} == {
        ("key-encryption", "tracking"): 1,
        ("key-encryption", "city"): 1,
    }
    kek = (here / "data" / "keys" / "tracking" / "kek").read_bytes()
    assert kek.hex() not in run("keys", "list").output
    assert "tracking" in run("keys", "list").output


def test_each_sort_is_renewed_and_the_next_step_is_said(here: Path) -> None:
    # two centres and the footage: each has a key-encryption key of its own; the footage holds nothing yet
    assert said(run("keys", "rotate", "kek", "--json")) == {"wrapped_again": 2, "old_ones_destroyed": 3}
    data = said(run("keys", "rotate", "data", "--json"))
    assert (data["renewed"], "--finish" in data["next"]) == (0, True)
    link = said(run("keys", "rotate", "link", "--json"))
    assert len(link["signing_with"]) == 2
    assert said(run("keys", "rotate", "link", "--finish", "--json")) == {"old_ones_forgotten": 2}
    assert "next" in said(run("keys", "rotate", "push", "--json"))
    assert run("keys", "rotate", "weather").exit_code == 2


def test_a_file_for_a_safe(here: Path) -> None:
    passphrase = here / "words"
    passphrase.write_text("ein sehr langer Satz für den Tresor\n")
    made = run("keys", "export", str(here / "keys"), "--passphrase-file", str(passphrase))
    assert made.exit_code == 0, made.output
    again = run("keys", "export", str(here / "keys"), "--passphrase-file", str(passphrase))
    assert again.exit_code != 0
    refused = run("keys", "import", str(here / "keys"), "--passphrase-file", str(passphrase))
    assert refused.exit_code != 0
    (here / "data" / "keys").rename(here / "away")
    back = run("keys", "import", str(here / "keys"), "--passphrase-file", str(passphrase))
    assert back.exit_code == 0, back.output


def test_a_backup_of_your_own_server(here: Path) -> None:
    manifest = said(run("backup", str(here / "backup"), "--json"))
    assert manifest["migrations"]
    assert (here / "backup").stat().st_mode & 0o777 == 0o600
    assert run("backup", str(here / "backup")).exit_code != 0
    assert run("restore", str(here / "backup")).exit_code != 0  # there is an installation here


def subscription() -> Subscription:
    point = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    words = [base64.urlsafe_b64encode(b).decode().rstrip("=") for b in (point, os.urandom(16))]
    return Subscription("https://push.example/1", *words)


async def test_browsers_of_the_push_key_before_are_reached_until_it_is_forgotten(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    before = push_public_key(tmp_path)

    def service(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201 if before in request.headers["Authorization"] else 403)

    async with httpx.AsyncClient(transport=httpx.MockTransport(service)) as http:
        assert (await push(http, subscription(), settings, now())).state == "acknowledged"
        rotate_vapid(settings)
        assert push_public_key(tmp_path) != before
        assert (await push(http, subscription(), settings, now())).state == "acknowledged"
        assert finish_vapid(settings)
        assert (await push(http, subscription(), settings, now())).state == "again"
