"""Questions of the asking centre's seats, as they cross the link: one function for each end of each question.

A refusal travels inside the answer, because a person must read why; an error of the link itself is something else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from ansimnet.facts.footage import GuestPermitsEnded
from ansimnet.kernel.errors import Conflict, Forbidden, Kind, NotFound, Refusal
from ansimnet.kernel.ids import CameraId, CentreId, FactId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Masking
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.link import Link
from ansimnet.slices.footage import store
from ansimnet.slices.footage.queries import account_to_json
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import account_of
from ansimnet.slices.footage.service.recordings import LookingBack, Wanted, as_json, wanted_of, wanted_to_json
from ansimnet.slices.policy import queries as policy

Answer = Callable[[Tx, dict[str, Any], CentreId], Awaitable[dict[str, Any]]]


class RefusedElsewhere(Refusal):
    """The other centre says no."""


def _raise(said: dict[str, Any]) -> NoReturn:
    """Raise here what was refused there."""
    kinds: dict[str, type[Refusal]] = {Kind.FORBIDDEN: Forbidden, Kind.NOT_FOUND: NotFound, Kind.CONFLICT: Conflict}
    refusal = kinds.get(str(said.get("kind")), RefusedElsewhere)(
        str(said.get("message", "")), todo=str(said.get("todo", "")), **said.get("facts", {})
    )
    refusal.name = str(said.get("name", refusal.name))
    raise refusal


def _refusal(refusal: Refusal) -> dict[str, Any]:
    plain = {k: v for k, v in refusal.facts.items() if isinstance(v, str | int | list)}
    return {
        "refused": {
            "kind": refusal.kind,
            "name": refusal.name,
            "message": refusal.message,
            "todo": refusal.todo,
            "facts": plain,
        }
    }


def answers(giver: Giver, back: LookingBack) -> dict[str, Answer]:
    """Return what the giving centre answers, by name."""

    def guest(payload: dict[str, Any], there: CentreId) -> policy.Account:
        account = account_of(payload.get("account") or {})
        if account.centre_id != there:
            raise Forbidden("a centre asks for its own accounts alone")
        return account

    def saying(answer: Answer) -> Answer:
        async def said(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
            try:
                async with tx.conn.transaction():  # what a refused question began is undone, the refusal is told
                    return await answer(tx, payload, there)
            except (KeyError, ValueError) as error:
                return _refusal(Refusal(f"this question is not understood: {type(error).__name__}"))
            except Refusal as refusal:
                return _refusal(refusal)

        return said

    async def ticket(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        got = await giver.ticket(
            tx,
            guest(payload, there),
            UUID(payload["provision_id"]),
            CameraId(UUID(payload["camera_id"])),
            Masking(payload["masking"]),
        )
        return {
            "ticket": got.ticket,
            "permit_id": str(got.permit_id),
            "not_after": got.not_after.isoformat(),
            "masking": got.masking,
            "url": got.url,
        }

    async def mark(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        permit_id, not_after = await giver.mark(
            tx,
            guest(payload, there),
            UUID(payload["provision_id"]),
            CameraId(UUID(payload["camera_id"])),
            str(payload["track"])[:64],
        )
        return {"permit_id": str(permit_id), "not_after": not_after.isoformat()}

    async def extend(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        until = await giver.extend(tx, guest(payload, there), UUID(payload["provision_id"]), str(payload["reason"]))
        return {"not_after": until.isoformat()}

    async def cameras(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        p = await store.load_provision(tx, UUID(payload["provision_id"]))
        if p is None or p.from_centre != there:
            raise NotFound("there is no such provision")
        listed = await giver.listing(tx, p) if p.open else []
        return {"cameras": [c | {"camera_id": str(c["camera_id"])} for c in listed]}

    async def recording(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        account, wanted = guest(payload, there), wanted_of(payload["wanted"])
        got = await back.ticket(tx, account, UUID(payload["provision_id"]), wanted)
        return {
            "ticket": got.ticket,
            "permit_id": str(got.permit_id),
            "not_after": got.not_after.isoformat(),
            "masking": got.masking,
            "url": got.url,
        }

    async def timeline(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        span = datetime.fromisoformat(payload["from"]), datetime.fromisoformat(payload["until"])
        camera_id = CameraId(UUID(payload["camera_id"]))
        return as_json(await back.timeline(tx, guest(payload, there), UUID(payload["provision_id"]), camera_id, *span))

    async def bookmark(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        placed = await back.bookmark(
            tx,
            guest(payload, there),
            UUID(payload["provision_id"]),
            CameraId(UUID(payload["camera_id"])),
            datetime.fromisoformat(payload["at"]),
            str(payload["words"])[:200],
        )
        return {"bookmark_id": str(placed.bookmark_id)}

    async def unmark(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        account = guest(payload, there)
        await giver.opened(tx, account, UUID(payload["provision_id"]))
        await back.remove_bookmark(tx, account, UUID(payload["bookmark_id"]))
        return {}

    async def coverage(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        span = [datetime.fromisoformat(payload[k]) if payload[k] else None for k in ("from", "until")]
        return {
            "cameras": await back.coverage(tx, guest(payload, there), UUID(payload["provision_id"]), span[0], span[1])
        }

    async def withdraw(tx: Tx, payload: dict[str, Any], there: CentreId) -> dict[str, Any]:
        ended = GuestPermitsEnded(
            fact_id=FactId(new_id()),
            happened_at=giver.clock.now(),
            provision_id=ProvisionId(UUID(payload["provision_id"])),
            permit_ids=tuple(PermitId(UUID(p)) for p in payload["permit_ids"]),
        )
        await giver.hear_withdrawn(tx, ended, there)
        return {}

    named: dict[str, Answer] = {
        "footage.withdraw": withdraw,
        "footage.ticket": ticket,
        "footage.mark": mark,
        "footage.extend": extend,
        "footage.cameras": cameras,
        "footage.recording": recording,
        "footage.timeline": timeline,
        "footage.bookmark": bookmark,
        "footage.unmark": unmark,
        "footage.coverage": coverage,
    }
    return {name: saying(answer) for name, answer in named.items()}


class Neighbour:
    """The giving centre, as the asking one's seats reach it."""

    def __init__(self, link: Link, here: CentreId) -> None:
        self.link = link
        self.here = here

    async def _ask(self, there: CentreId, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        said = await self.link.ask(there, name, payload, from_centre=self.here)
        if "refused" in said:
            _raise(said["refused"])
        return said

    async def ticket(
        self, there: CentreId, account: policy.Account, provision_id: UUID, camera_id: UUID, masking: Masking
    ) -> dict[str, Any]:
        """Return a ticket as `footage.ticket` gives it.

        Raises:
            Refusal: what the giving centre refuses, or that it does not answer.
        """
        return await self._ask(
            there,
            "footage.ticket",
            {
                "account": account_to_json(account),
                "provision_id": str(provision_id),
                "camera_id": str(camera_id),
                "masking": masking.value,
            },
        )

    async def mark(
        self, there: CentreId, account: policy.Account, provision_id: UUID, camera_id: UUID, track: str
    ) -> dict[str, Any]:
        """Mark a track there. Raises as `ticket` does."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id), "track": track}
        return await self._ask(there, "footage.mark", payload | {"camera_id": str(camera_id)})

    async def extend(self, there: CentreId, account: policy.Account, provision_id: UUID, reason: str) -> datetime:
        """Extend there; return the new end. Raises as `ticket` does."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id), "reason": reason}
        return datetime.fromisoformat((await self._ask(there, "footage.extend", payload))["not_after"])

    async def cameras(self, there: CentreId, provision_id: UUID) -> list[dict[str, Any]]:
        """Return the listed cameras as the giving centre knows them. Raises as `ticket` does."""
        found = await self._ask(there, "footage.cameras", {"provision_id": str(provision_id)})
        return list(found["cameras"])

    async def recording(
        self, there: CentreId, account: policy.Account, provision_id: UUID, wanted: Wanted
    ) -> dict[str, Any]:
        """Return a ticket to recorded pictures. Raises as `ticket`."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id)}
        return await self._ask(there, "footage.recording", payload | {"wanted": wanted_to_json(wanted)})

    async def timeline(
        self,
        there: CentreId,
        account: policy.Account,
        provision_id: UUID,
        camera_id: UUID,
        from_at: datetime,
        until: datetime,
    ) -> dict[str, Any]:
        """Return a camera's timeline (`recordings.as_json`). Raises as `ticket`."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id), "camera_id": str(camera_id)}
        span = {"from": from_at.isoformat(), "until": until.isoformat()}
        return await self._ask(there, "footage.timeline", payload | span)

    async def bookmark(
        self, there: CentreId, account: policy.Account, provision_id: UUID, camera_id: UUID, at: datetime, words: str
    ) -> UUID:
        """Mark an instant of a recording there; return the bookmark's id. Raises as `ticket`."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id), "camera_id": str(camera_id)}
        said = await self._ask(there, "footage.bookmark", payload | {"at": at.isoformat(), "words": words})
        return UUID(said["bookmark_id"])

    async def unmark(self, there: CentreId, account: policy.Account, provision_id: UUID, bookmark_id: UUID) -> None:
        """Remove one's own bookmark there. Raises as `ticket`."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id)}
        await self._ask(there, "footage.unmark", payload | {"bookmark_id": str(bookmark_id)})

    async def coverage(
        self,
        there: CentreId,
        account: policy.Account,
        provision_id: UUID,
        from_at: datetime | None,
        until: datetime | None,
    ) -> list[dict[str, Any]]:
        """Return how much of a span each camera recorded. Raises as `ticket`."""
        payload = {"account": account_to_json(account), "provision_id": str(provision_id)}
        span = {"from": from_at and from_at.isoformat(), "until": until and until.isoformat()}
        return list((await self._ask(there, "footage.coverage", payload | span))["cameras"])

    async def withdraw(self, there: CentreId, provision_id: UUID, permit_ids: Collection[PermitId]) -> None:
        """Say at once which permits of our seats ended here; the fact on the ledger follows and is the guarantee.

        Raises:
            Refusal: the giving centre does not answer now.
        """
        await self._ask(
            there, "footage.withdraw", {"provision_id": str(provision_id), "permit_ids": [str(p) for p in permit_ids]}
        )


async def withdraw_at_once(db: Db, neighbour: Neighbour) -> None:
    """Carry every end of a permit to the giving centre in the instant it commits, for ever.

    A picture must go within a tenth of a second. The ledger brings the same news a little later, in order and without
    fail; whichever comes second changes nothing.
    """
    async for ended in policy.ended(db):
        if not ended:
            continue
        async with db.transaction() as tx:
            pairs = await store.paired_permits(tx, ended)
            places = {p: await store.load_provision(tx, p) for p in pairs}
        for provision_id, theirs in pairs.items():
            provision = places[provision_id]
            if provision is not None:
                with suppress(Refusal):
                    await neighbour.withdraw(provision.to_centre, provision_id, theirs)
