"""A time-stamping authority of our own (openssl) stamps an export, and openssl checks it beside the file."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from evaluation._evidence_studio import tool
from fastapi import FastAPI, Request, Response
from tests.slices.footage.centres import free_port
from tests.slices.footage.exporting import recorded_city

from ansimnet.platform.db import Dbs
from ansimnet.slices.footage.evidence.timestamp import Authority

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl on this machine")

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical, timeStamping
"""


def run(folder: Path, *argv: str) -> str:
    assert OPENSSL is not None
    done = subprocess.run([OPENSSL, *argv], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def authority_in(folder: Path) -> None:
    """Make a root, and a certificate under it that may stamp."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01")
    new = ["-newkey", "rsa:2048", "-nodes", "-sha256"]
    run(folder, "req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Test root")
    run(folder, "req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test authority")
    run(folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
        "-out", "tsa.pem", "-extfile", "tsa.cnf", "-extensions", "ext")  # fmt: skip


@contextlib.asynccontextmanager
async def stamping(folder: Path) -> AsyncIterator[str]:
    """Serve the authority; yield its address."""
    app, port = FastAPI(), free_port()

    @app.post("/tsa")
    async def stamp(request: Request) -> Response:
        (folder / "query").write_bytes(await request.body())
        argv = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key",
                "-out", "reply"]  # fmt: skip
        await asyncio.to_thread(run, folder, *argv)
        return Response((folder / "reply").read_bytes(), media_type="application/timestamp-reply")

    @app.post("/wrong")
    async def wrong() -> Response:
        return Response((folder / "reply").read_bytes(), media_type="application/timestamp-reply")

    @app.post("/broken")
    async def broken() -> Response:
        return Response(b"rubbish")

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None))
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.requirement("EM-16")
async def test_an_authority_stamps_an_export(dbs: Dbs, tmp_path: Path) -> None:
    authority_in(tmp_path / "tsa")
    async with recorded_city(dbs, tmp_path) as house, stamping(tmp_path / "tsa") as base:
        maker = replace(house.exports.maker(), authority=Authority(f"{base}/tsa"))
        house.exports = replace(house.exports, maker=lambda: maker)
        data = await house.exports.download(house.accounts["investigator"], await house.sealed())
        verifier = tool()
        report = verifier.verify(data)
        assert (report["findings"], report["time"].split(":")[0]) == ([], "stamped")
        files, _ = verifier.unpack(data)
        for name in ("timestamp.der", "signature.json"):
            (tmp_path / "tsa" / name).write_bytes(files[name])
        checks = ["ts", "-verify", "-token_in", "-in", "timestamp.der", "-data", "signature.json", "-CAfile", "ca.pem"]
        assert "OK" in await asyncio.to_thread(run, tmp_path / "tsa", *checks)

        del files["timestamp.der"]
        assert {f["what"] for f in verifier.verify(verifier.pack(files))["findings"]} == {"edited-ledger"}
        for path in ("wrong", "broken", "nothing"):
            assert await Authority(f"{base}/{path}").stamp(b"something else") is None
    assert await Authority("http://127.0.0.1:9/tsa").stamp(b"nobody there") is None
