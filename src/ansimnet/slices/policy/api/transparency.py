"""The public's page over HTTP: what everybody may read, with what it can be checked against. No session, no person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Kind, NotFound, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.kernel.permits import Act
from ansimnet.platform.http import door
from ansimnet.platform.ledger import pages
from ansimnet.slices.policy.api.sessions import TheDesk, caller_of
from ansimnet.slices.policy.model import kind_of
from ansimnet.slices.policy.rules.release import averages
from ansimnet.slices.policy.rules.table import CLAUSES
from ansimnet.slices.policy.rules.words import PURPOSE_WORDS
from ansimnet.slices.policy.service import Desk
from ansimnet.slices.policy.store import review as store

router = APIRouter(prefix="/api/v1", tags=["openness"])

KEPT_S = 60.0
"""An answer is made once a minute at most; what it says changes once a month."""
BURST, PER_S = 30.0, 0.5
"""A network may ask thirty times at once and then every two seconds: a page takes one (ours)."""
MOST_NETWORKS = 10_000

Public = Annotated[None, Depends(door(Act.READ_STATISTICS, public_because="monthly counts that everybody may read"))]


class TooOften(Refusal):
    """This network asks too often."""

    kind = Kind.TOO_MANY
    name = "too-often"


@dataclass(slots=True)
class _Public:
    """What this process keeps between two askers."""

    answers: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def ask(self, network: str) -> None:
        """Take one of a network's turns.

        Raises:
            TooOften: it has none left.
        """
        now = monotonic_s()
        left, at = self.tokens.get(network, (BURST, now))
        left = min(BURST, left + (now - at) * PER_S)
        if left < 1:
            raise TooOften(todo="ask again in a few seconds", retry_after_s=2)
        if len(self.tokens) >= MOST_NETWORKS:
            self.tokens.clear()
        self.tokens[network] = (left - 1, now)


def _kept(request: Request) -> _Public:
    kept: _Public | None = getattr(request.app.state, "transparency", None)
    if kept is None:
        kept = request.app.state.transparency = _Public()
    return kept


@router.get("/transparency")
async def read_transparency(_: Public, request: Request, desk: TheDesk) -> Response:
    """Every published month: decisions by agency, purpose, clause and answer; footage provided; small cells blank.

    With the newest signed head of each centre's ledger and the hash of each month's document, which stands on it.
    """
    kept = _kept(request)
    kept.ask(caller_of(request).address)
    made, body = kept.answers.get("", (-KEPT_S, b""))
    if monotonic_s() - made >= KEPT_S:
        body = msgspec.json.encode(await _whole(desk))
        kept.answers[""] = (monotonic_s(), body)
    return Response(body, media_type="application/json", headers={"Cache-Control": f"public, max-age={int(KEPT_S)}"})


async def _whole(desk: Desk) -> dict[str, Any]:
    centres = []
    clauses: set[str] = set()
    for centre_id in (TRACKING_CENTRE, CITY_CENTRE):
        async with desk.dbs.of(centre_id).transaction() as tx:
            released = await store.list_releases(tx)
            head = await pages.read_head(tx)
        months = []
        for _, _, document, sha256 in released:
            months.append({**msgspec.json.decode(document, type=dict[str, Any]), "sha256": sha256.hex()})
            table = months[-1].get("decisions")
            clauses |= {c.split("|")[1] for c in (table or {"columns": []})["columns"] if "|" in c}
        centres.append(
            {
                "centre_id": str(centre_id),
                "kind": kind_of(centre_id),
                "months": months,
                "averages": averages(months),
                "checkpoint": None
                if head.root is None or head.signature is None or head.signed_at is None
                else {
                    "size": head.size,
                    "root": head.root.hex(),
                    "signature": head.signature.hex(),
                    "signed_at": head.signed_at.isoformat(),
                },
            }
        )
    return {"v": 1, "below": 5, "centres": centres, "words": _words(clauses)}


def _words(clauses: set[str]) -> dict[str, Any]:
    """Return the names of purposes and clauses in both languages."""
    known = {clause: CLAUSES[clause] for clause in sorted(clauses) if clause in CLAUSES}
    return {
        "purposes": {p.value: {"ko": w.ko, "en": w.en} for p, w in PURPOSE_WORDS.items()},
        "clauses": {k: {"ko": w.ko, "en": w.en} for k, w in known.items()},
    }


@router.get("/transparency/{centre}/{month}")
async def read_release(centre: str, month: str, _: Public, request: Request, desk: TheDesk) -> Response:
    """One month's document, byte for byte as its hash on the ledger names it."""
    _kept(request).ask(caller_of(request).address)
    centre_id = {"tracking": TRACKING_CENTRE, "city": CITY_CENTRE}.get(centre)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        first = None
    if centre_id is not None and first is not None:
        async with desk.dbs.of(centre_id).transaction() as tx:
            for published, _at, document, _sha in await store.list_releases(tx, 1000):
                if published == first:
                    return Response(
                        document, media_type="application/json", headers={"Cache-Control": "public, max-age=3600"}
                    )
    raise NotFound("that month is not published")
