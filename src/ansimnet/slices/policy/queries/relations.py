"""What is looked up about an account before the decision: its ties, its agency's agreement, its right to footage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import NO_RELATIONS, Question, Relation, Relations, Side, Tie
from ansimnet.slices.policy.rules import Rulebook
from ansimnet.slices.policy.rules.checks import SIDES
from ansimnet.slices.policy.store import accounts, agencies, relations, rights

ASSIGNED = frozenset(
    {
        *(Relation.OWN_CLIENT, Relation.TODAYS_SESSION, Relation.OWN_CASE, Relation.OWN_RESIDENT),
        *(Relation.OWN_FACILITY, Relation.OWN_BOOKING, Relation.SHARED_TRIP, Relation.ASSIGNED_AREA, Relation.TRAINED),
    }
)
"""Ties that stand only where a row says so: nothing on file is a no. An officer without assigned wearers has all of
the office's; one without an office, all of the centre's."""

_switched: set[Relation] = set()


def switch_notices(on: bool) -> None:
    """Switch notices to neighbours on or off for this process, as its settings say; off until then (EM-12)."""
    (_switched.add if on else _switched.discard)(Relation.DISCLOSURE_OPEN)


def notices_open() -> bool:
    """Return whether notices to neighbours are switched on in this process."""
    return Relation.DISCLOSURE_OPEN in _switched


async def gather(tx: Tx, book: Rulebook, q: Question) -> Relations:
    """Return what this question's answer can depend on beside the grounds; nothing is read that no row asks for.

    A guest's own centre has looked already, and its ties are not on file here.
    """
    wanted = book.ties(q.account.role, q.act)
    if q.account.centre_id != q.place or not (wanted.relations or wanted.sides):
        return NO_RELATIONS
    ties = await _ties(tx, q.account.account_id, wanted.relations, q.now)
    holding: frozenset[Side] = frozenset()
    if wanted.sides:
        held = await relations.acts_held(tx, q.account.account_id, SIDES, q.now)
        holding = frozenset(SIDES[act] for act in held)
    return Relations(tuple(ties), holding)


async def _ties(tx: Tx, account_id: AccountId, wanted: frozenset[Relation], now: datetime) -> list[Tie]:
    found = [Tie(r) for r in wanted & _switched]
    if wanted & (ASSIGNED | {Relation.OWN_WEARER}):
        found += await _assigned(tx, account_id, wanted, now)
    if Relation.COMPETENT_DISTRICT in wanted and not any(t.relation is Relation.OWN_WEARER for t in found):
        office = await accounts.office_of(tx, account_id)
        if office is not None:
            found.append(Tie(Relation.COMPETENT_DISTRICT, True, await relations.competent_for(tx, office)))
    if Relation.FOOTAGE_RIGHT in wanted:
        right = await rights.stands(tx, account_id)
        if right is not None:
            found.append(Tie(Relation.FOOTAGE_RIGHT, right))
    if Relation.AGREEMENT in wanted:
        agency = await agencies.agency_of(tx, account_id)
        if agency is not None:
            found.append(Tie(Relation.AGREEMENT, bool(await agencies.standing(tx, agency.agency_id, now))))
    return found


async def _assigned(tx: Tx, account_id: AccountId, wanted: frozenset[Relation], now: datetime) -> list[Tie]:
    ids: dict[Relation, frozenset[UUID] | None] = defaultdict(frozenset)
    for relation, resources in await relations.relations_of(tx, account_id, now):
        known = ids[relation]  # a tie to none in particular is not narrowed by one to something
        ids[relation] = None if resources is None or known is None else known | resources
    missing = [Tie(r, False) for r in wanted & ASSIGNED if r not in ids]
    return [Tie(r, True, resources) for r, resources in ids.items() if r in wanted] + missing


async def assign(
    tx: Tx,
    account_id: AccountId,
    relation: Relation,
    resources: Collection[UUID] | None,
    *,
    from_at: datetime,
    until_at: datetime,
) -> UUID:
    """Tie an account to what it answers for, for a period, and return the tie's id.

    Args:
        resources: the wearers, the client, the files of a session …; None for training, which is tied to no id.
    """
    relation_id = new_id()
    await relations.add_relation(tx, relation_id, account_id, relation, resources, from_at, until_at)
    return relation_id


async def release(tx: Tx, relation_id: UUID, now: datetime) -> None:
    """End a tie; the account's permits end with it, and what it may still see is asked for anew.

    Raises:
        NotFound: no such tie stands.
    """
    account_id = await relations.end_relation(tx, relation_id, now)
    if account_id is None:
        raise NotFound("no such assignment stands")
    await store.revoke(tx, now, "released", account_id=account_id)


async def place_under(tx: Tx, resource_id: UUID, office: str, now: datetime) -> bool:
    """Say which office is competent for a resource (관할); return whether that is another than before.

    People of other offices lose the permits to it that they hold.
    """
    before = await relations.set_competent(tx, resource_id, office, now)
    if before in (None, office):
        return before is None
    elsewhere = await relations.permits_elsewhere(tx, resource_id, office, now)
    await store.revoke(tx, now, "released", permits=elsewhere)
    return True
