"""Proofs about the ledger over HTTP, and what an access record says."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.slices.policy.conftest import Make

from ansimnet.app.witnessing import say_last_seen, take_head
from ansimnet.facts.ledger import ForkFound, HeadWitnessed
from ansimnet.kernel.clock import SystemClock
from ansimnet.kernel.ids import TRACKING_CENTRE
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.platform.ledger.checkpoints import heads
from ansimnet.platform.ledger.keys import read_public
from ansimnet.platform.ledger.witness import tell
from ansimnet.slices.policy.api import proofs
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.service import Desk

PASSWORD = "정말-긴-비밀번호-07"
TOOL = Path(__file__).parents[3] / "tools" / "verify_ledger.py"


async def sealed(dbs: Dbs, folder: Path) -> None:
    """Number and sign everything that has committed."""
    keys = {db.centre_id: db.keys for db in (dbs.tracking, dbs.city) if db.keys is not None}
    await Sealer(dbs.sealer, keys, folder).once(checkpoint=True)


@pytest.fixture
async def client(dbs: Dbs) -> AsyncIterator[httpx.AsyncClient]:
    """The policy slice's sign-in and proofs, spoken to over HTTP."""
    app = FastAPI()
    platform_http.install(app)
    api_sessions.install(app, Desk(dbs, SystemClock()))
    app.include_router(api_sessions.router)
    app.include_router(proofs.router)
    transport = httpx.ASGITransport(app=app, client=("203.0.113.77", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened


async def test_the_auditor_takes_a_proof_home_and_everybody_the_heads(
    make: Make, dbs: Dbs, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    auditor = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    folder = tmp_path / "ledger"
    await sealed(dbs, folder)
    assert (await client.get("/api/v1/ledger/inclusion", params={"seq": 1})).status_code == 401
    for size in (0, 2**63, 10**40):  # a number no column holds is refused as one
        assert (await client.get("/api/v1/ledger/consistency", params={"older": 1, "newer": size})).status_code == 422
    signed = await client.post("/api/v1/session", json={"login": auditor.login, "password": PASSWORD})
    assert signed.status_code == 200, signed.text
    await sealed(dbs, folder)
    proof = (await client.get("/api/v1/ledger/inclusion", params={"seq": 1})).json()
    assert (await client.get("/api/v1/ledger/inclusion", params={"seq": 10_000})).status_code == 404
    client.cookies.clear()
    shown = (await client.get("/api/v1/ledger/heads")).json()["heads"]
    assert len(shown) >= 2
    assert len(shown[0]["code"]) == 19
    going_on = await client.get("/api/v1/ledger/consistency", params={"older": shown[-1]["size"]})
    assert going_on.status_code == 200, going_on.text
    assert (await client.get("/api/v1/ledger/heads", params={"centre": "moon"})).status_code == 404
    module, key = _tool(), folder / f"{TRACKING_CENTRE}.pub"
    for said in (proof, going_on.json()):
        assert module.verify_proof(said, key, None, folder / f"{TRACKING_CENTRE}.checkpoints")["verified"], said


async def test_an_access_record_has_what_the_rule_wants(
    make: Make, dbs: Dbs, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """안전성 확보조치 기준 §8: account, time, place, data subject, task; and the reason."""
    auditor = await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    await client.post("/api/v1/session", json={"login": auditor.login, "password": PASSWORD})
    await sealed(dbs, tmp_path / "ledger")
    await client.get("/api/v1/ledger/inclusion", params={"seq": 1})
    async with dbs.tracking.transaction() as tx:
        rows = await tx.all("select body from ledger_entry where kind = 'policy.access.decided.v1'")
    record = json.loads(bytes(rows[-1][0]))
    assert record["account_id"] == str(auditor.account_id)
    assert record["happened_at"]
    assert record["place"] == "203.0.113.0/24", "the network, never the whole address"
    assert {"resource", "resources"} <= set(record)
    assert (record["act"], record["purpose"], record["screen"]) == ("read_ledger", "audit", "proof")
    assert record["reasons"] or record["cites"]


async def test_a_neighbours_head_is_kept_and_a_fork_is_a_fact_here(make: Make, dbs: Dbs, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    await sealed(dbs, folder)
    root = read_public((folder / f"{TRACKING_CENTRE}.pub").read_bytes()).public_bytes_raw()
    async with dbs.tracking.transaction() as tx:
        told = await tell(dbs.tracking, tx, 0, root, [])
        (newest,) = await heads(tx, limit=1)
    async with dbs.city.transaction() as tx:
        assert (await say_last_seen(tx, {}, TRACKING_CENTRE)) == {"size": 0}
        assert (await take_head(tx, told, TRACKING_CENTRE))["size"] == newest.size
        assert (await say_last_seen(tx, {}, TRACKING_CENTRE)) == {"size": newest.size}
    await make(dbs.tracking, Role.AUDITOR, password=PASSWORD)
    await sealed(dbs, folder)
    async with dbs.tracking.transaction() as tx:
        later = await tell(dbs.tracking, tx, newest.size, root, [])
    async with dbs.city.transaction() as tx:
        assert (await take_head(tx, {**later, "path": []}, TRACKING_CENTRE))["refused"] == "ledger-forked"
    async with dbs.city.transaction() as tx:
        assert (await take_head(tx, later, TRACKING_CENTRE))["size"] > newest.size
        kinds = [r[0] for r in await tx.all("select kind from ledger_entry where actor = 'system:ledger'"
                                            " order by recorded_at")]  # fmt: skip
    assert kinds == [HeadWitnessed.kind, ForkFound.kind, HeadWitnessed.kind]


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("verify_ledger", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
