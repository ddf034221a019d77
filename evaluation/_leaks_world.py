"""The world of the leak evaluation: two centres, four situations in four states, an account of every role in each.

Everything about a person carries an unmistakable value, a canary: texts no other row has, and places that lie in a band
of latitude of their own. Situation 1 is live, 2 was closed (its permits are revoked), 3 is older than its ground (its
permits have run out), 4 never had an incident.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import psycopg
from argon2 import PasswordHasher
from evaluation._leaks_wire import Answer, call
from fastapi import FastAPI

from ansimnet.app import witnessing
from ansimnet.app.host import Host, assemble
from ansimnet.app.serve import build
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.database import key_stores
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger import Sealer, catch_up
from ansimnet.platform.link import Link
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.roles import Urls
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store import accounts, keyring

HOST = "localhost:8700"
"""By its name: passkeys belong to one."""
PASSWORD = secrets.token_urlsafe(12)
CENTRES = {"tracking": TRACKING_CENTRE, "city": CITY_CENTRE}
DESK_AGENT, PHONE_AGENT = "Windows", "Android"
DESKS = "10.1.0.1"
"""The address of those who sign in rightly: the pauses that guessing earns are others'."""
LON = 127.03
STEP_DEG = 0.00017  # 15 m of longitude in Seoul: a walker sends this far apart
LIVE, CLOSED, EXPIRED, QUIET = 1, 2, 3, 4
"""The four situations."""
NOBODY = 9
"""A band of latitude in which nobody lives or goes."""
ORDERED = (9, 99)
"""How many days ago each wearer's order began, and in how many it ends."""
WAITING = "waits to be sent"
"""The one order that nobody has sent yet."""
GLASS = "behind glass"
"""The one camera that somebody broke the glass for."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A value that gives away one field of one owner."""

    owner: str  # wearer, victim, unit, incident, city, tracking or secret
    situation: int  # 0: none
    what: str


@dataclass(slots=True)
class Actor:
    """Somebody at the door. `subject` is `wearer1`, `victim2`, `unit1` or nothing."""

    name: str
    role: str  # a value of Role, or `nobody`
    centre: str
    subject: str = ""
    cookie: str = ""
    csrf: str = ""
    agent: str = DESK_AGENT
    login: str = ""  # with the world's one password; phones have none
    live: bool = True  # False: its session, phone or account has ended

    def headers(self) -> list[tuple[str, str]]:
        """Return what this actor's browser sends by itself."""
        sent = [("host", HOST), ("user-agent", self.agent)]
        if self.cookie:
            sent.append(("cookie", f"ansimnet_session={self.cookie}"))
        if self.csrf:
            sent.append(("x-csrf-token", self.csrf))
        return sent


@dataclass(slots=True)
class World:
    """What was made, as far as the players need it; survives a fork and a copy of the database."""

    at: datetime
    device_port: int = 0  # where the head of the camera that turns answers
    lapsed: bool = False  # True: so late that no provision runs any more
    actors: list[Actor] = field(default_factory=list)
    canaries: dict[str, Canary] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)  # parameter name -> whose -> id
    devices: dict[str, str] = field(default_factory=dict)  # whose -> key
    cameras: dict[str, str] = field(default_factory=dict)  # code -> password
    spent: dict[str, str] = field(default_factory=dict)  # codes and tickets that were used or ran out

    def mark(self, needle: str, owner: str, situation: int, what: str) -> str:
        """Remember a canary and return it."""
        self.canaries[needle] = Canary(owner, situation, what)
        return needle

    def know(self, name: str, whose: str, value: Any) -> None:
        """Remember an id of a kind."""
        self.ids.setdefault(name, {})[whose] = str(value)

    def actor(self, name: str) -> Actor:
        """Return an actor by name."""
        return next(a for a in self.actors if a.name == name)


@dataclass(slots=True)
class Stage:
    """The application on one database, in this process."""

    app: FastAPI
    host: Host
    dbs: Dbs
    clock: SimulatedClock
    settings: Settings

    async def send(self, actor: Actor, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Send one request as somebody."""
        return await call(self.app, method, path, headers=actor.headers(), body=body, **more)

    async def do(self, actor: Actor, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must succeed, and return its JSON.

        Raises:
            AssertionError: it was refused.
        """
        answer = await self.send(actor, method, path, body)
        assert answer.status < 300, f"{actor.name} {method} {path}: {answer.status} {answer.body[:300]!r}"
        return json.loads(answer.body) if answer.body else None

    async def settle(self, *, signed: bool = False) -> None:
        """Seal and read until nothing is pending, on both sides of the link; `signed`: under a head of its own."""
        keys = key_stores(self.settings)
        sealer = Sealer(self.dbs.sealer, keys, self.settings.data_dir / "ledger")
        while await sealer.once(checkpoint=signed):
            await catch_up(self.dbs, [*self.host.parts.readers, *self.host.context.link.readers()])


def cheap_passwords() -> None:
    """Hash passwords of this process with the least work: thousands of sign-ins are no subject of this evaluation."""
    keyring.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@asynccontextmanager
async def staged(urls: Urls, settings: Settings, at: datetime) -> AsyncIterator[Stage]:
    """Assemble the whole product on a database, with a clock that moves only when told."""
    clock = SimulatedClock(at)
    dbs = Dbs.at(urls, keys=key_stores(settings), app="leaks", max_size=6)
    async with dbs:
        late: dict[str, FastAPI] = {}

        async def over_there(scope: Any, receive: Any, send: Any) -> None:
            await late["app"](scope, receive, send)

        link = Link(
            dbs,
            settings.data_dir / "link",
            dict.fromkeys(CENTRES.values(), f"http://{HOST}"),
            transport=httpx.ASGITransport(app=over_there, raise_app_exceptions=False),
            clock=clock.now,
        )
        context = Context(settings, dbs, clock, MapData(settings.data_dir / "map"), link)
        host = Host(context, assemble(context))
        link.wire(host.parts.link_out, host.parts.link_in, {**host.parts.link_asks, **witnessing.ASKS})
        late["app"] = build(host)
        try:
            yield Stage(late["app"], host, dbs, clock, settings)
        finally:
            await link.close()


async def sign_in(stage: Stage, actor: Actor, login: str) -> Actor:
    """Give an actor a session."""
    answer = await call(
        stage.app,
        "POST",
        "/api/v1/session",
        headers=actor.headers(),
        body={"login": login, "password": PASSWORD, "centre": actor.centre},
        client=DESKS,
    )
    assert answer.status == 200, f"{login}: {answer.status} {answer.body[:200]!r}"
    actor.cookie, actor.csrf, actor.login = answer.cookie, json.loads(answer.body)["csrf"], login
    return actor


async def later(stage: Stage, world: World, at: datetime) -> None:
    """Go on to an instant at which no provision runs any more; desks sign in again, as the next shift does."""
    stage.clock.at = at
    world.lapsed = True
    for actor in world.actors:
        if actor.login and actor.live:
            await sign_in(stage, actor, actor.login)


async def enrol(stage: Stage, actor: Actor, kind: str, code: str) -> Actor:
    """Make an actor's phone the phone of a person or unit."""
    answer = await call(stage.app, "POST", f"/api/v1/{kind}/enrol", headers=actor.headers(), body={"code": code})
    assert answer.status == 200, answer.body
    actor.cookie, actor.csrf = answer.cookie, json.loads(answer.body)["csrf"]
    return actor


async def add_account(db: Db, login: str, role: Role, at: datetime, subject: UUID | None) -> AccountId:
    """Add an account, also of a role that has no place in this centre: it must then see nothing."""
    made = Account(
        account_id=AccountId(new_id()),
        centre_id=db.centre_id,
        login=login,
        role=role,
        display=f"QSEAT-{login}",
        subject_id=subject,
    )
    for who in (subject, new_id()):  # a phone belongs to somebody, if only to nobody we know
        try:
            async with db.transaction() as tx:
                await accounts.add_account(tx, replace(made, subject_id=who), keyring.HASHER.hash(PASSWORD), at)
        except psycopg.errors.CheckViolation:
            continue
        return made.account_id
    raise Fault(f"the database takes no `{role}`")


def band(situation: int, thousandths: float) -> float:
    """Return a latitude of a situation's own band."""
    return round(37.50 + 0.02 * situation + thousandths / 1000, 6)
