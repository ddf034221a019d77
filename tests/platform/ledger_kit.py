"""Facts and a running sealer for the ledger's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from ansimnet.facts.dispatch import NoteAdded, PoliceAcknowledged
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, FactId, IncidentId, named_id, new_id
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import Sealer, merkle

AT = datetime(2026, 11, 2, 3, 4, 5, 678901, tzinfo=UTC)
BY = AccountId(named_id("account", "test"))


def plain(receipt: str = "112-1", incident: UUID | None = None) -> PoliceAcknowledged:
    """Return a fact without personal fields."""
    return PoliceAcknowledged(
        fact_id=FactId(new_id()), happened_at=AT, incident_id=IncidentId(incident or new_id()), receipt=receipt
    )


def personal(text: str = "그가 문 앞에 있다", incident: UUID | None = None) -> NoteAdded:
    """Return a fact whose text is personal."""
    return NoteAdded(
        fact_id=FactId(new_id()), happened_at=AT, incident_id=IncidentId(incident or new_id()), by=BY, text=text
    )


def subtree_of(leaves: Sequence[bytes]) -> merkle.Subtree:
    """Return how the roots over these leaves are had: each computed from its leaves."""
    return lambda first, behind: merkle.Tree(leaves[first:behind]).root()


def sealer_of(dbs: Dbs, folder: Path) -> Sealer:
    """Return a sealer for both centres with the key stores their databases use."""
    assert dbs.tracking.keys is not None
    assert dbs.city.keys is not None
    return Sealer(dbs.sealer, {TRACKING_CENTRE: dbs.tracking.keys, CITY_CENTRE: dbs.city.keys}, folder)
