"""What stands just beside a right: grounds that fall short in one thing, tickets and marks that outlived their permit.

Each is put on file in the real tables and asked with at the system's own door. One that is whole must open; each that
lacks one thing must not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from evaluation._leaks_play import Player
from evaluation._leaks_world import LIVE, QUIET

from ansimnet.kernel.errors import Forbidden, Refusal
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Permit, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store import accounts, keyring

SCREEN = "leaks"
"""No screen's own name, so that no permit held for one is used here, nor one of ours there."""


class Undo(Exception):  # noqa: N818 - takes a transaction back; nothing went wrong
    """What was tried is looked at, not kept."""


async def account_of(db: Db, login: str) -> Account:
    """Return the account of a seat."""
    async with db.transaction() as tx:
        found = await accounts.find_login(tx, login)
    assert found is not None
    account: Account = found[0]
    return account


# ------------------------------------------------------------------------------------------------- grounds


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to policy: who, does what, to which one thing, and how clear."""

    db: Db
    account: Account
    act: Act
    purpose: Purpose
    resource: UUID
    masking: Masking = Masking.MASKED


@dataclass(frozen=True, slots=True)
class OnFile:
    """A ground as `policy.grant_ground` takes it; `ended`: somebody ended it before anybody asked."""

    kind: GroundKind
    statute: str
    given: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    def but(self, *, statute: str = "", ended: bool = False, **other: Any) -> OnFile:
        """Return this ground with something else in it."""
        return OnFile(self.kind, statute or self.statute, self.given | other, ended)


async def grounds(player: Player) -> None:
    """Ask with a ground that carries the question, and with one short of each of its conditions."""
    await _copies(player)
    await _party(player)
    await _own(player)


async def _copies(player: Player) -> None:
    """Ask for an original copy: it needs an order of the right clause, a second person, this act, camera and seat."""
    w, db = player.world, player.stage.dbs.city
    camera = UUID(w.ids["camera_id"][f"QCAM-{QUIET}1 of {QUIET}"])
    investigator = await account_of(db, "investigator-city")
    asked = Asked(db, investigator, Act.EXPORT_DATA, Purpose.INVESTIGATE, camera, Masking.ORIGINAL)
    whole = OnFile(GroundKind.ORDER, "CRIM-PROC 215", {"resources": [camera], "request_id": new_id()})
    await _ask(player, asked, whole, right=True)
    for words, short in {
        "a ground that was ended": whole.but(ended=True),
        "a ground that begins later": whole.but(from_at=player.stage.clock.now() + timedelta(minutes=30)),
        "a ground of another clause": whole.but(statute="PIPA 18(2)7"),
        "a ground that opens another act": whole.but(acts=[Act.VIEW_STREAM]),
        "a ground that no second person approved": whole.but(request_id=None),
        "a ground of somebody else": whole.but(account_id=AccountId(new_id())),
        "a ground for another camera": whole.but(resources=[new_id()]),
    }.items():
        await _ask(player, asked, short, words=words)


async def _party(player: Player) -> None:
    """Ask as a unit for a picture of an incident: only those who were sent there take part in it."""
    w, db = player.world, player.stage.dbs.tracking
    camera, unit = UUID(w.ids["camera_id"][f"QCAM-{QUIET}1 of {QUIET}"]), UUID(w.ids["unit_id"][f"unit{QUIET}"])
    sent = await account_of(db, "field-unit-tracking")
    asked = Asked(db, sent, Act.VIEW_STREAM, Purpose.RESPOND, camera)
    trigger = OnFile(GroundKind.TRIGGER, "PIPA 18(2)3", {"resources": [camera], "trigger": "approach"})
    await _ask(player, asked, trigger.but(parties=[sent.subject_id]), right=True)
    await _ask(player, asked, trigger.but(parties=[unit]), words="an incident that another unit was sent to")
    await _ask(player, asked, trigger, words="an incident that nobody was sent to")


async def _own(player: Player) -> None:
    """Ask as somebody for what is one's own, and for the same of somebody else: a duty that needs no ground."""
    w, db = player.world, player.stage.dbs.tracking
    her = await account_of(db, f"own-wearer-{QUIET}")
    for whose, right in ((QUIET, True), (LIVE, False)):
        asked = Asked(db, her, Act.READ_OWN, Purpose.OWN, UUID(w.ids["wearer_id"][f"wearer{whose}"]))
        await _judge(player, asked, right=right, words="the own data of somebody else")


async def _ask(player: Player, asked: Asked, ground: OnFile, *, right: bool = False, words: str = "") -> None:
    """Put a ground on file, ask, and end it: nothing is left that opens anything."""
    now, db = player.stage.clock.now(), asked.db
    given = {"until_at": now + timedelta(hours=1)} | ground.given
    async with db.transaction() as tx:
        ground_id = await policy.grant_ground(tx, ground.kind, ground.statute, now=now, **given)
        if ground.ended:
            await policy.end_ground(tx, ground_id, "revoked", now)
    try:
        await _judge(player, asked, right=right, words=words)
    finally:
        async with db.transaction() as tx:
            await policy.end_ground(tx, ground_id, "revoked", now)


async def _judge(player: Player, asked: Asked, *, right: bool, words: str) -> None:
    player.found.extras["grounds"] += 1
    opened = False
    with suppress(Forbidden):
        await policy.permit(
            asked.db,
            asked.account,
            asked.act,
            resource=asked.resource,
            purpose=asked.purpose,
            screen=f"{SCREEN}:{player.found.extras['grounds']}",
            now=player.stage.clock.now(),
            masking=asked.masking,
        )
        opened = True
    if right:
        player.found.saw("grounds", opened)
    elif opened:
        player.found.leak("grounds", f"{words} opened {asked.act} to {asked.account.role}")


# ------------------------------------------------------------------------------------------------- tickets


async def tickets(player: Player) -> None:
    """Show a ticket where it opens, and after everything that must close it; all of it is taken back."""
    db, now = player.stage.dbs.city, player.stage.clock.now()
    operator = await account_of(db, "centre-operator-city")
    camera = UUID(player.world.ids["camera_id"][f"given{LIVE}"])
    permit = await policy.permit(
        db, operator, Act.VIEW_STREAM, resource=camera, purpose=Purpose.RESPOND, screen=SCREEN, now=now
    )

    async def untouched(tx: Tx, ticket: str) -> None:
        """Leave it as it was given."""

    async def revoke(tx: Tx, ticket: str) -> None:
        await store.revoke(tx, now, "revoked", permits=[permit.permit_id])

    async def redeem(tx: Tx, ticket: str) -> None:
        await policy.redeem_ticket(tx, ticket, now)

    minute = timedelta(seconds=61)
    await _show(player, permit, camera, untouched, right=True)
    await _show(player, permit, UUID(int=1), untouched, words="a ticket for a camera that its permit does not reach")
    await _show(player, permit, camera, revoke, words="a ticket whose permit was revoked")
    await _show(player, permit, camera, redeem, words="a ticket that was used")
    await _show(player, permit, camera, untouched, after=minute, words="a ticket older than a minute")


async def _show(
    player: Player,
    permit: Permit,
    camera: UUID,
    happens: Callable[[Tx, str], Any],
    *,
    after: timedelta = timedelta(0),
    right: bool = False,
    words: str = "",
) -> None:
    """Write a ticket as `policy.issue_ticket` would, let something happen to it, and show it."""
    player.found.extras["tickets"] += 1
    now, ticket, opened = player.stage.clock.now(), keyring.new_token(), False
    with suppress(Undo):
        async with player.stage.dbs.city.transaction() as tx:
            ends = now + timedelta(seconds=60)
            await store.add_ticket(tx, keyring.fingerprint(ticket), permit.permit_id, camera, {}, ends)
            await happens(tx, ticket)
            with suppress(Refusal):
                await policy.redeem_ticket(tx, ticket, now + after)
                opened = True
            raise Undo
    if right:
        player.found.saw("tickets", opened)
    elif opened:
        player.found.leak("tickets", f"{words} was taken")


# ------------------------------------------------------------------------------------------------- marks


async def marks(player: Player) -> None:
    """Ask for one clear person under a mark that stands, and under one that does not; all of it is taken back."""
    db, now = player.stage.dbs.city, player.stage.clock.now()
    operator = await account_of(db, "centre-operator-city")
    camera = UUID(player.world.ids["camera_id"][f"given{LIVE}"])

    async def permit(act: Act) -> Permit:
        return await policy.permit(
            db,
            operator,
            act,
            resource=camera,
            purpose=Purpose.RESPOND,
            screen=f"{SCREEN}:{act}",
            now=now,
            masking=Masking.MARKED,
        )

    looks, marks_one = await permit(Act.VIEW_STREAM), await permit(Act.UNMASK_TRACK)

    async def show(mark: Permit, track: str, words: str = "", *, revoked: bool = False) -> None:
        player.found.extras["marks"] += 1
        opened = False
        with suppress(Undo):
            async with db.transaction() as tx:
                await store.mark_track(tx, mark.permit_id, camera, "7")
                if revoked:
                    await store.revoke(tx, now, "revoked", permits=[mark.permit_id])
                with suppress(Refusal):
                    await policy.check_masking(tx, looks, Masking.MARKED, camera, now, mark=mark.permit_id, track=track)
                    opened = True
                raise Undo
        if not words:
            player.found.saw("marks", opened)
        elif opened:
            player.found.leak("marks", f"{words} showed somebody clearly")

    await show(marks_one, "7")
    await show(marks_one, "8", "a mark of another person")
    await show(looks, "7", "a mark under a permit that unmasks nobody")
    await show(marks_one, "7", "a mark whose permit was revoked", revoked=True)
