"""Each setting has a sentence and a safe default, and no secret is shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansimnet.platform.engines import binaries
from ansimnet.platform.settings import Settings, default_data_dir


def test_each_setting_has_one_sentence() -> None:
    for name, field in Settings.model_fields.items():
        sentence = field.description or ""
        assert sentence[:1].isupper(), name
        assert sentence.endswith("."), name
        assert 20 <= len(sentence) <= 120, name


def test_settings_come_from_the_environment_and_are_frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANSIMNET_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ANSIMNET_HTTP_PORT", "9999")
    chosen = Settings()
    assert (chosen.data_dir, chosen.http_port, chosen.public_url) == (tmp_path, 9999, "http://127.0.0.1:9999")
    with pytest.raises(ValueError, match="frozen"):
        chosen.http_port = 1  # type: ignore[misc]


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIMNET_DATABASE_URL", "postgresql://ansimnet_owner:hunter2@db/ansimnet")
    monkeypatch.setenv("ANSIMNET_POLICE_112_TOKEN", "hunter2")
    assert "hunter2" not in repr(Settings())
    assert "hunter2" not in Settings().model_dump_json()


def test_everything_listens_on_loopback_until_told_otherwise() -> None:
    plain = Settings()
    assert plain.http_host == plain.relay_host == "127.0.0.1"


def test_data_goes_where_the_server_can_walk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    place = default_data_dir()
    if os.geteuid() == 0:
        assert not place.is_relative_to(tmp_path)
        assert binaries.reachable(binaries.first_existing(place))
    else:
        assert place == tmp_path / "share" / "ansimnet"
