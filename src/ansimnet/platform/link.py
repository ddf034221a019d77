"""How two centres speak: signed messages over HTTP, nothing else. Facts cross by store and forward, questions at once.

Only facts that a slice lists with a rule for their recipients ever leave; the rule is asked for each one. The sender's
place in its own ledger moves when the other centre has committed, so a fact waits out any outage and arrives in order;
the receiver takes each once, whatever was repeated. Messages and answers are signed with Ed25519, a key per centre.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import httpx
import msgspec
import structlog
from fastapi import APIRouter, Depends, Request, Response

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.http import door
from ansimnet.platform.ledger.append import Entry, append_many
from ansimnet.platform.ledger.canonical import fact_json, fact_of_json
from ansimnet.platform.ledger.readers import NotYet, Reader
from ansimnet.platform.link_keys import ANSWER, ASK, NAMES, TELL, Forged, Identities, Signed

if TYPE_CHECKING:
    from ansimnet.platform.db import Db, Dbs, Tx
    from ansimnet.platform.parts import LinkAsk, LinkIn, LinkOut
    from ansimnet.platform.settings import Settings

log = structlog.get_logger(__name__)

WINDOW = timedelta(seconds=60)
"""How old, or how far ahead of our clock, a message may be; each repetition is signed anew."""
TIMEOUT_S = 5.0
REFUSED_FOR_GOOD = frozenset({400, 404, 413, 422})
"""Answers that say the message itself is at fault: repeating it would only hold up those behind it."""


class Stale(Refusal):
    """The message is too old, or from a clock far ahead of ours."""

    kind = Kind.UNAUTHENTICATED
    name = "stale-message"


class Replayed(Refusal):
    """This question was put before."""

    kind = Kind.CONFLICT
    name = "replayed-message"


class NotForUs(Refusal):
    """No centre of this installation is meant."""

    kind = Kind.NOT_FOUND
    name = "not-for-us"


class Unknown(Refusal):
    """This centre takes no such message."""

    name = "unknown-message"


class Unreachable(Refusal):
    """The other centre does not answer."""

    kind = Kind.UNAVAILABLE
    name = "neighbour-unreachable"


class RefusedThere(Fault):
    """The other centre refuses a message for good; it is parked for a person to look at."""


class _Message(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What both sorts of message say of themselves."""

    message_id: UUID
    from_centre: UUID
    to_centre: UUID
    sent_at: datetime


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    fact: dict[str, Any]


class _Tell(_Message, kw_only=True, forbid_unknown_fields=True):
    """A fact, and those that follow on it where an outage has let them pile up."""

    kind: str
    fact: dict[str, Any]
    more: list[_Told] = []


class _Ask(_Message, kw_only=True, forbid_unknown_fields=True):
    ask: str
    payload: dict[str, Any]


class _Answer(msgspec.Struct, kw_only=True):
    message_id: UUID
    from_centre: UUID
    answer: dict[str, Any]


M = TypeVar("M", bound=_Message)


class Link:
    """The link of every centre this installation hosts.

    Args:
        dbs: the tenants' databases.
        folder: the link's keys.
        urls: where each centre's link answers.
        hosted: the centres whose messages we take and whose facts we forward.
        transport: how HTTP goes out; None opens connections of our own, kept alive.
    """

    def __init__(
        self,
        dbs: Dbs,
        folder: Path,
        urls: Mapping[CentreId, str],
        *,
        hosted: frozenset[CentreId] = frozenset(NAMES),
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.dbs = dbs
        self.hosted = hosted
        self.last_ms: float | None = None
        """From the signing of the last fact that came in to its commit here, in milliseconds."""
        self._identities = Identities(folder)
        self._urls = dict(urls)
        self._timeout_s = timeout_s
        self._transport = transport
        self._clock = clock
        self._client: httpx.AsyncClient | None = None
        self._out: dict[type[Fact], LinkOut] = {}
        self._in: dict[str, tuple[type[Fact], LinkIn]] = {}
        self._asks: dict[str, LinkAsk] = {}
        for centre_id in hosted:
            self._identities.signer(centre_id)

    @classmethod
    def of(cls, settings: Settings, dbs: Dbs) -> Link:
        """Return the link of this installation: a centre without an address of its own is hosted here."""
        given = {TRACKING_CENTRE: settings.link_tracking_url, CITY_CENTRE: settings.link_city_url}
        return cls(
            dbs,
            settings.link_keys or settings.data_dir / "link",
            {c: url or settings.public_url for c, url in given.items()},
            hosted=frozenset(c for c, url in given.items() if url is None),
            timeout_s=settings.link_timeout_s,
        )

    def wire(
        self,
        out: Mapping[type[Fact], LinkOut],
        incoming: Mapping[type[Fact], LinkIn],
        asks: Mapping[str, LinkAsk],
    ) -> None:
        """Say what may leave and to whom, what comes in and what it does, and which questions are answered."""
        self._out = dict(out)
        self._in = {fact.kind: (fact, handle) for fact, handle in incoming.items()}
        self._asks = dict(asks)

    # ------------------------------------------------------------------------------------------ outwards

    def readers(self) -> list[Reader]:
        """Return the readers that forward facts: one per hosted centre and neighbour, so none waits for another."""
        if not self._out:
            return []
        return [
            Reader(
                name=f"link.to-{NAMES[there]}",
                kinds=frozenset(self._out),
                centre=here,
                handle=_nothing_more,
                outside=partial(self._forward, there),
                outside_many=partial(self._forward_many, there),
            )
            for here in sorted(self.hosted)
            for there in sorted(self._urls)
            if there != here
        ]

    async def _forward(self, there: CentreId, db: Db, entry: Entry) -> None:
        """Send one fact if its slice says that centre is a recipient; return when it has committed there."""
        await self._forward_many(there, db, [entry])

    async def _forward_many(self, there: CentreId, db: Db, entries: Sequence[Entry]) -> None:
        """Send the facts of which that centre is a recipient in one message; return when all have committed there."""
        own = [e for e in entries if not e.actor.startswith("link:")]  # from a neighbour: never sent on
        if not own:
            return
        async with db.transaction() as tx:
            facts = [e.fact for e in own if there in await self._out[type(e.fact)](tx, e)]
        if not facts:
            return
        message = {
            "message_id": facts[0].fact_id,
            "from_centre": db.centre_id,
            "to_centre": there,
            "sent_at": self._clock(),
            "kind": facts[0].kind,
            "fact": fact_json(facts[0]),
        }
        if len(facts) > 1:
            message["more"] = [{"kind": f.kind, "fact": fact_json(f)} for f in facts[1:]]
        await self._post("tell", TELL, message)

    async def ask(
        self, to_centre: CentreId, name: str, payload: dict[str, Any], *, from_centre: CentreId | None = None
    ) -> dict[str, Any]:
        """Ask another centre and return its answer. `from_centre` is needed only where several are hosted.

        Raises:
            Unreachable: it does not answer in time.
            Fault: it refuses the question.
        """
        here = from_centre or next(c for c in sorted(NAMES) if c != to_centre)
        try:
            return await self._post(
                "ask",
                ASK,
                {
                    "message_id": new_id(),
                    "from_centre": here,
                    "to_centre": to_centre,
                    "sent_at": self._clock(),
                    "ask": name,
                    "payload": payload,
                },
            )
        except NotYet as e:
            raise Unreachable from e

    async def _post(self, path: str, context: bytes, message: dict[str, Any]) -> dict[str, Any]:
        """Send a message and return the signed answer to it.

        Raises:
            NotYet: no answer, or one that may be another tomorrow.
            RefusedThere: refused for good.
        """
        signed = self._identities.sign(message["from_centre"], context, message)
        there: CentreId = message["to_centre"]
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout_s, transport=self._transport, trust_env=False)
        try:
            answer = await self._client.post(
                f"{self._urls[there].rstrip('/')}/link/v1/{path}", content=signed.body, headers=signed.headers
            )
        except httpx.HTTPError as e:
            raise NotYet from e
        if answer.status_code in REFUSED_FOR_GOOD:
            raise RefusedThere(f"answered {answer.status_code}")
        if answer.status_code != 200:
            raise NotYet(f"answered {answer.status_code}")
        try:
            self._identities.check(there, ANSWER, answer.content, answer.headers)
            said = msgspec.json.decode(answer.content, type=_Answer)
        except (Forged, msgspec.DecodeError) as e:
            raise NotYet("the answer is not signed by that centre") from e
        if said.message_id != message["message_id"] or said.from_centre != there:
            raise NotYet("the answer is to another message")
        return said.answer

    async def close(self) -> None:
        """Close the connections kept alive."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    # ------------------------------------------------------------------------------------------ inwards

    def _read(self, sort: type[M], context: bytes, body: bytes, headers: Mapping[str, str]) -> M:
        """Return a message that its sender signed, for us, just now."""
        try:
            message = msgspec.json.decode(body, type=sort)
        except msgspec.DecodeError as e:
            raise Unknown("not a message of the link") from e
        self._identities.check(message.from_centre, context, body, headers)
        if message.to_centre not in self.hosted or message.to_centre == message.from_centre:
            raise NotForUs
        if message.sent_at.tzinfo is None or abs(self._clock() - message.sent_at) > WINDOW:
            raise Stale(todo="check the clocks of both centres")
        return message

    async def handle_tell(self, body: bytes, headers: Mapping[str, str]) -> Signed:
        """Take in a fact of another centre, or several in order, each once; return the signed acknowledgement.

        All are taken in, or none. What was taken in before is acknowledged again and changes nothing: its sender may
        have died before it heard.

        Raises:
            Forged, Stale, NotForUs, Unknown: see there.
        """
        began_s = monotonic_s()
        message = self._read(_Tell, TELL, body, headers)
        taken = [self._taken(told) for told in (_Told(message.kind, message.fact), *message.more)]
        here, there = CentreId(message.to_centre), CentreId(message.from_centre)
        async with self.dbs.of(here).transaction() as tx:
            first = await _first_time(tx, [fact.fact_id for fact, _ in taken], there, self._clock())
            new = [(fact, handle) for fact, handle in taken if fact.fact_id in first]
            await append_many(tx, [fact for fact, _ in new], actor=f"link:{there}")
            for fact, handle in new:
                await handle(tx, fact, there)
        if first:
            under_way_s = max(0.0, (self._clock() - message.sent_at).total_seconds())
            self.last_ms = round(max(under_way_s, monotonic_s() - began_s) * 1000, 1)
        return self._answer(here, message, {"received": "now" if first else "before"})

    def _taken(self, told: _Told) -> tuple[Fact, LinkIn]:
        """Return a fact that we were told, and what it does here.

        Raises:
            Unknown: its kind is not taken here, or it does not have its form.
        """
        known = self._in.get(told.kind)
        if known is None:
            raise Unknown(f"this centre takes no `{told.kind}`")
        cls, handle = known
        try:
            return fact_of_json(cls, told.fact), handle
        except (msgspec.ValidationError, TypeError) as e:
            raise Unknown("the fact does not have the form of its kind") from e

    async def handle_ask(self, body: bytes, headers: Mapping[str, str]) -> Signed:
        """Answer another centre's question.

        Raises:
            Forged, Stale, NotForUs, Unknown, Replayed: see there.
            Refusal: whatever the slice that answers refuses.
        """
        message = self._read(_Ask, ASK, body, headers)
        answer = self._asks.get(message.ask)
        if answer is None:
            raise Unknown(f"this centre answers no `{message.ask}`")
        here, there = CentreId(message.to_centre), CentreId(message.from_centre)
        async with self.dbs.of(here).transaction() as tx:
            if not await _first_time(tx, [message.message_id], there, self._clock()):
                raise Replayed
            said = await answer(tx, message.payload, there)
        return self._answer(here, message, said)

    def _answer(self, here: CentreId, message: _Message, said: dict[str, Any]) -> Signed:
        return self._identities.sign(
            here, ANSWER, {"message_id": message.message_id, "from_centre": here, "answer": said}
        )


async def _nothing_more(_: Tx, __: Entry) -> None:
    """A forwarded fact has no effect at home beyond the reader's place."""


async def _first_time(tx: Tx, message_ids: Sequence[UUID], from_centre: CentreId, at: datetime) -> set[UUID]:
    """Remember messages inside this transaction; return those that were not remembered before."""
    rows = await tx.all(
        "insert into link_seen (centre_id, fact_id, from_centre, received_at)"
        " select %s, fact_id, %s, %s from unnest(%s::uuid[]) fact_id on conflict do nothing returning fact_id",
        (tx.centre_id, from_centre, at, list(message_ids)),
    )
    return {fact_id for (fact_id,) in rows}


def router(link: Link) -> APIRouter:
    """Return the two routes on which neighbours speak to us."""
    routes = APIRouter(prefix="/link/v1", tags=["link"])
    neighbour = Depends(door(Act.EXCHANGE, public_because="authenticated by the other centre's signature"))

    @routes.post("/tell", dependencies=[neighbour])
    async def tell(request: Request) -> Response:
        """Take in one fact another centre tells us."""
        answer = await link.handle_tell(await request.body(), request.headers)
        return Response(answer.body, headers=answer.headers)

    @routes.post("/ask", dependencies=[neighbour])
    async def ask(request: Request) -> Response:
        """Answer another centre's question."""
        answer = await link.handle_ask(await request.body(), request.headers)
        return Response(answer.body, headers=answer.headers)

    return routes
