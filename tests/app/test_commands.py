"""The command line as a person meets it: help that teaches, one sentence and the next step, JSON as the last line."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.conftest import Cluster
from tests.platform.ledger_kit import plain
from typer.testing import CliRunner, Result

from ansimnet.app import main as command_line
from ansimnet.app import measure
from ansimnet.app.main import cli
from ansimnet.kernel.errors import NotFound
from ansimnet.platform import settings as settings_module
from ansimnet.platform.database import key_stores
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer, append
from ansimnet.platform.roles import Urls

HEADER = "카메라번호,소재지도로명주소,설치목적구분,카메라대수,위도,경도,RTSP주소\n"


def lines(count: int) -> str:
    return "".join(f"HD-{i:04},새빛로 {i},방범,1,{37.5 + i * 1e-4:.4f},127.03,\n" for i in range(count))


@pytest.fixture
def here(urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation on the test's own database, in its own folder."""
    for name in [n for n in os.environ if n.startswith("ANSIMNET_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": urls.owner,
        "DATABASE_TRACKING_URL": urls.tracking,
        "DATABASE_CITY_URL": urls.city,
        "DATABASE_SEALER_URL": urls.sealer,
        "POLICE_112_TOKEN": "geheimnis-112",
    }.items():
        monkeypatch.setenv(f"ANSIMNET_{name}", value)
    monkeypatch.setattr(command_line, "out", Console(width=400))
    monkeypatch.setattr(command_line, "err", Console(stderr=True, width=400))
    settings_module.settings.cache_clear()
    yield tmp_path
    settings_module.settings.cache_clear()


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words), env={"COLUMNS": "300", "TERM": "dumb"})


# ---------------------------------------------------------------------------------------------- help


@pytest.mark.parametrize(
    ("words", "teaches"),
    [
        ((), ["Start here", "demo", "serve", "doctor", "import", "bench", "eval", "ledger", "user", "settings"]),
        (("demo",), ["scenario", "exclusion-zone", "quiet-night", "--headless", "--json"]),
        (("serve",), ["ANSIMNET_"]),
        (("doctor",), ["wrong with this installation"]),
        (("import",), ["cameras", "streets", "outlines", "places"]),
        (("import", "cameras"), ["cp949", "--dry", "whole file or nothing"]),
        (("import", "streets"), [".osm.pbf", "--edges"]),
        (("import", "places"), ["police_box", "--staffed"]),
        (("bench",), ["--size", "small", "rival"]),
        (("eval",), ["--kills", "--seed"]),
        (("ledger",), ["verify", "export"]),
        (("ledger", "verify"), ["signature"]),
        (("user", "add"), ["tracking_controller", "--centre"]),
        (("settings",), ["secrets"]),
    ],
)
def test_help_teaches(words: tuple[str, ...], teaches: list[str]) -> None:
    said = run(*words, "--help")
    assert said.exit_code == 0
    for word in teaches:
        assert word in said.output, f"{words}: {word}"
    assert "process" not in run("--help").output.split()  # the hidden one stays hidden


def test_without_a_word_it_shows_help() -> None:
    assert "Start here" in run().output


def test_an_unknown_word_is_said(here: Path) -> None:
    assert run("fly").exit_code == 2
    assert run("import", "cameras", str(here / "nothing.csv")).exit_code == 2


# ---------------------------------------------------------------------------------------------- import cameras


def write(folder: Path, data: str | bytes, name: str = "cameras.csv") -> str:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return str(folder / name)


def last_json(said: Result) -> Any:
    return json.loads(said.stdout.strip().splitlines()[-1])


def test_a_good_register(here: Path) -> None:
    file = write(here, HEADER + lines(30) + "X,a,방범,1,127.0,37.5,\n")
    dry = run("import", "cameras", file, "--dry")
    assert dry.exit_code == 0
    assert "30 cameras would be taken" in dry.output
    said = run("import", "cameras", file)
    assert said.exit_code == 0, said.output
    assert "30 cameras taken from cameras.csv (utf-8-sig)" in said.output
    assert "1 rows refused" in said.output
    assert "latitude and longitude are swapped" in said.output
    again = run("import", "cameras", file, "--json")
    report = last_json(again)
    assert again.exit_code == 0
    assert (report["accepted"], report["refused"], report["why_not"]) == (30, 1, None)
    assert report["refusals"] == [[32, "latitude and longitude are swapped"]]
    assert set(report) == {
        "import_id", "file_name", "encoding", "accepted", "refused", "refusals", "remarks", "why_not", "todo",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ((HEADER + lines(3)).encode("utf-16"), "zero bytes"),
        (b"\xff\xfe\xfd\xff" * 10, "neither UTF-8 nor cp949"),
        ((HEADER + "".join(f"X{i},a,방범,1,127.0,37.5,\n" for i in range(5))).encode(), "no row of this file"),
        (bytes(2 << 20), "zero bytes"),
        (gzip.compress(bytes(32 << 20)), "zero bytes"),
        (b"", "empty"),
        ("명칭,주소\n소방서,해담\n".encode(), "no columns of positions"),
    ],
)
def test_a_broken_register(here: Path, data: bytes, why: str) -> None:
    file = write(here, data)
    said = run("import", "cameras", file, "--json")
    report = last_json(said)
    assert said.exit_code == 1
    assert why in report["why_not"]
    assert (report["accepted"], report["import_id"]) == (0, None)
    words = run("import", "cameras", file)
    assert words.exit_code == 1
    assert "Nothing was imported" in words.output
    assert "Traceback" not in words.output


# ---------------------------------------------------------------------------------------------- the map


def test_places_and_outlines_and_streets(here: Path) -> None:
    places = write(here, "name,lat,lon,kind,staffed\n새빛지구대,37.5,127.0,police_box,1\n", "places.csv")
    assert "1 places" in run("import", "places", places).output
    ring = [[127.0, 37.5], [127.001, 37.5], [127.001, 37.501], [127.0, 37.5]]
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    outlines = write(here, json.dumps({"type": "FeatureCollection", "features": [shape]}), "b.geojson")
    assert "1 buildings" in run("import", "outlines", "buildings", outlines).output
    assert run("import", "outlines", "clouds", outlines).exit_code == 2
    nodes = write(here, "id,lat,lon\na,37.5,127.0\nb,37.501,127.0\n", "nodes.csv")
    edges = write(here, "u,v,length_m\na,b,111\n", "edges.csv")
    assert "1 streets between 2 nodes" in run("import", "streets", nodes, "--edges", edges).output


# ---------------------------------------------------------------------------------------------- doctor, ledger, users


def test_doctor_on_a_fresh_folder_finds_what_is_missing_and_breaks_nothing(here: Path) -> None:
    said = run("doctor", "--json")
    findings = {f["what"]: f for f in last_json(said)}
    assert findings["data folder"]["state"] == "odd"
    assert findings["map"]["state"] == "odd"
    assert "ansimnet import streets" in findings["map"]["todo"]
    assert findings["database"]["found"].startswith("PostgreSQL")
    assert findings["ledger"]["state"] == "good"
    assert findings["clock"]["state"] == "good"
    assert {f["state"] for f in findings.values()} <= {"good", "odd", "bad"}
    assert said.exit_code == int(any(f["state"] == "bad" for f in findings.values()))
    words = run("doctor")
    assert "what to do" in words.output


def test_doctor_sees_keys_that_others_may_read(here: Path) -> None:
    keys = here / "data" / "keys"
    keys.mkdir(parents=True)
    keys.chmod(0o755)
    said = run("doctor", "--json")
    finding = next(f for f in last_json(said) if f["what"] == "keys")
    assert (finding["state"], said.exit_code) == ("bad", 1)
    assert finding["todo"].startswith("chmod 700")


def test_doctor_says_that_the_database_is_not_there(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("", "TRACKING_", "CITY_", "SEALER_"):
        monkeypatch.setenv(f"ANSIMNET_DATABASE_{name}URL", "postgresql://nobody@127.0.0.1:1/none")
    settings_module.settings.cache_clear()
    said = run("doctor", "--json")
    assert said.exit_code == 1
    assert next(f for f in last_json(said) if f["what"] == "database")["state"] == "bad"


def seal(urls: Urls) -> None:
    """Do what the worker does: seal and sign what both centres wrote."""
    chosen = settings_module.settings()

    async def run_once() -> None:
        async with Dbs.at(urls, keys=key_stores(chosen)) as dbs:
            for db in (dbs.tracking, dbs.city):
                async with db.transaction() as tx:
                    await append(tx, plain(), actor="system:test")
            await Sealer(dbs.sealer, key_stores(chosen), chosen.data_dir / "ledger").once(checkpoint=True)

    asyncio.run(run_once())


def test_the_ledger_is_whole_and_written_out(here: Path, urls: Urls) -> None:
    assert run("import", "cameras", write(here, HEADER + lines(3))).exit_code == 0
    said = run("ledger", "verify", "--json")
    assert said.exit_code == 0
    assert last_json(said)["ledger_verified"] is True
    early = run("ledger", "export", str(here / "out"))
    assert "no public key" in str(early.exception)  # nothing was ever sealed here
    seal(urls)
    exported = run("ledger", "export", str(here / "out"))
    assert "tracking.jsonl" in exported.output
    assert (here / "out" / "city.jsonl").exists()


def test_accounts_of_staff(here: Path) -> None:
    words = ["user", "add", "controller7", "--role", "tracking_controller", "--display", "관제07"]
    made = CliRunner().invoke(cli, words, input="정말-긴-비밀번호-07\n정말-긴-비밀번호-07\n")
    assert "account `controller7` created" in made.output, made.output
    assert "정말" not in made.output
    for wrong in (["--role", "victim"], ["--role", "king"], ["--role", "auditor", "--centre", "moon"]):
        refused = CliRunner().invoke(
            cli, ["user", "add", "x1", *wrong], input="정말-긴-비밀번호-07\n정말-긴-비밀번호-07\n"
        )
        assert refused.exit_code == 1
        assert refused.exception is not None


def test_settings_are_listed_and_secrets_are_not(here: Path, urls: Urls) -> None:
    said = run("settings").output
    for name in settings_module.Settings.model_fields:
        assert f"ANSIMNET_{name.upper()}" in said
    assert "geheimnis" not in said
    assert urls.owner.split("@")[0].rpartition(":")[2] not in said  # the password of the database


# ---------------------------------------------------------------------------------------------- as a process


def test_a_refusal_ends_in_a_sentence_and_the_next_step(here: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "ansimnet.app.main", "bench", "nothing"], capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 2
    assert "there is no bench `nothing`" in said.stderr
    assert "→ one of:" in said.stderr
    assert "Traceback" not in said.stderr
    assert said.stdout == ""


def test_json_is_the_last_line_of_standard_output_and_nothing_else_is(here: Path, cluster: Cluster) -> None:
    file = write(here, HEADER + lines(3))
    said = subprocess.run(
        [sys.executable, "-m", "ansimnet.app.main", "import", "cameras", file, "--json"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["accepted"] == 3


# ---------------------------------------------------------------------------------------------- measurements


@pytest.mark.parametrize("kind", ["bench", "eval"])
def test_measurements_are_listed_with_what_they_are(kind: str) -> None:
    found = measure.names(kind)
    assert found
    assert all(len(line.split()) > 3 for line in found.values())
    listed = run(kind, "list").output
    assert all(name in listed for name in found)


def test_a_measurement_gets_its_options_and_gives_its_figures_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "shape.py").write_text(
        '"""Says what it was given."""\n'
        "def run(options):\n"
        "    options.progress(1, 2, 'half')\n"
        "    return {'seen': [options.size, options.seed, options.world, options.data, options.kills]}\n"
    )
    monkeypatch.setattr(measure, "ROOT", tmp_path)
    figures = measure.measure("bench", "shape", size="small", seed=3, world=None, data=None, kills=None)
    said = capsys.readouterr()
    assert re.fullmatch(r"shape: +\d+ s  50 %  half\n", said.err)  # a log, not a terminal, shows that it goes on
    assert said.out == ""
    assert figures["seen"] == ["small", 3, None, None, None]
    assert {"size", "seed", "commit", "load"} <= set(figures)
    assert (figures["size"], figures["seed"], figures["commit"]) == ("small", 3, None)
    with pytest.raises(NotFound) as refused:
        measure.measure("bench", "other", size="small", seed=3, world=None, data=None, kills=None)
    assert "shape" in refused.value.todo


def test_figures_are_one_json_line_or_words(capsys: pytest.CaptureFixture[str]) -> None:
    measure.show({"p99_us": 1.5, "rivals": {"postgres": 20.0}}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"p99_us": 1.5, "rivals": {"postgres": 20.0}}
    measure.show({"p99_us": 1.5, "rivals": {"postgres": 20.0}}, as_json=False)
    said = capsys.readouterr().out
    assert "p99_us" in said
    assert "1.5" in said
