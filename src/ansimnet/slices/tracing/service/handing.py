"""Handing him over to people on the ground: 112 is told where and when he was last confirmed, and where he may go next.

112 sends its units; the city has none. What it is told lies under the search's own key until it is sent.
"""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from ansimnet.facts.tracing import SubjectHandedOver
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.db import Db
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import Found
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.service.following import NobodyConfirmed, route_of
from ansimnet.slices.tracing.store import searches


async def hand_over(db: Db, account: policy.Account, search_id: UUID, words: str, now: datetime) -> Found:
    """Tell 112 where he was last confirmed, and return that candidate.

    Raises:
        NobodyConfirmed: no candidate was confirmed yet; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        route = route_of(await searches.candidates(tx, stood.search))
        if not route:
            raise NobodyConfirmed
        last = route[-1]
        said = await searches.subject(tx, stood.search) or {}
        camera = (await cameras.by_ids(tx, [last.camera_id])).get(last.camera_id)
        place = None if camera is None else Point(camera.lat, camera.lon)
        message = {
            "kind": "missing-person" if stood.search.missing else "search",
            "search": f"T-{stood.search.search_id.hex[-6:].upper()}",
            "description": str(said.get("text", "")),
            "seen_at": last.until_at.isoformat(),
            "camera": "" if camera is None else f"{camera.code} {camera.address}".strip(),
            "lat": last.lat if last.lat is not None else place and place.lat,
            "lon": last.lon if last.lon is not None else place and place.lon,
            "heading_deg": last.heading_deg,
            "words": words,
        }
        await law.step(tx, stood, "handed-over", {"candidate_id": last.candidate_id}, now)
        fact = SubjectHandedOver(
            fact_id=FactId(new_id()),
            happened_at=now,
            request_id=stood.search.request_id,
            search_id=search_id,
            by=account.account_id,
            message=json.dumps(message, ensure_ascii=False),
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
    return last
