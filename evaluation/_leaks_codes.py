"""What opens once: invitations, phone codes, passkeys, an app's code. Each opens for its bearer, and never again."""

from __future__ import annotations

import json
from typing import Any

import pyotp
from evaluation._leaks_play import Player
from evaluation._leaks_requests import Shot
from evaluation._leaks_wire import Answer, call
from evaluation._leaks_world import DESK_AGENT, DESKS, HOST, PASSWORD, PHONE_AGENT, Actor, band, sign_in
from tests.slices.policy.authenticator import Authenticator

from ansimnet.kernel.ids import new_id

NEW_PASSWORD = "a-lamp-over-nine-bridges"


async def codes(player: Player) -> None:
    """Open everything that opens once, and try each a second time with another browser."""
    await _phones(player)
    await _invited(player)
    await _signed_in(player)
    await _passkey(player)
    await _app(player)


async def _try(player: Player, actor: Actor, method: str, path: str, body: Any = None) -> Answer:
    """Send a request from where people rightly sign in, and judge it as every other."""
    operation = next(o for o in player.operations if o.name == f"{method} {_route(path)}")
    player.found.requests += 1
    player.found.extras["codes"] += 1
    answer = await call(player.stage.app, method, path, headers=actor.headers(), body=body, client=DESKS)
    player.judge(actor, Shot(operation, path, {}, body), answer)
    return answer


def _route(path: str) -> str:
    head, _, last = path.rpartition("/")
    return f"{head.rpartition('/')[0]}/{{passkey_id}}/revoke" if last == "revoke" else path


async def _once(
    player: Player, agent: str, path: str, body: dict[str, Any], what: str, *, bearer: str = "bearer"
) -> None:
    """Use a code, and use it again as somebody else: the second must be refused."""
    first, second = (Actor(n, "nobody", "tracking", agent=agent) for n in (bearer, "thief"))
    opened = (await _try(player, first, "POST", path, body)).status < 300
    player.found.saw("codes", opened)
    if (await _try(player, second, "POST", path, body)).status < 300:
        player.found.leak("codes", f"{what} opened twice")


async def _phones(player: Player) -> None:
    """Give a phone to a protected person, a unit, and somebody who only reads the own page."""
    do, w = player.stage.do, player.world
    officer, admin = w.actor("probation_officer@tracking"), w.actor("administrator@tracking")
    unit = {"name": "third", "agency": "probation", "office": "해담", "lat": band(9, 1.0), "lon": 127.0}
    person = {"code": "P-ONCE", "grade": "high", "home": [band(9, 2.0), 127.0], "phone": "01099779999"}
    made = await do(officer, "POST", "/api/v1/protected-persons", person)
    await _once(player, PHONE_AGENT, "/api/v1/phone/enrol", {"code": made["phone_code"]}, "a phone's code")
    made = await do(admin, "POST", "/api/v1/units", unit)
    await _once(player, PHONE_AGENT, "/api/v1/unit/enrol", {"code": made["phone_code"]}, "a unit's code")
    page = {"person_id": w.ids["wearer_id"]["wearer2"], "role": "wearer"}
    made = await do(admin, "POST", "/api/v1/persons/phone", page)
    await _once(player, PHONE_AGENT, "/api/v1/me/enrol", {"code": made["code"]}, "a person's code")


async def _invited(player: Player) -> None:
    """Invite somebody new."""
    admin = player.world.actor("administrator@tracking")
    form = {"login": f"new-{new_id().hex[-6:]}", "role": "auditor", "display": "new"}
    made = await player.stage.do(admin, "POST", "/api/v1/accounts", form)
    body = {"code": made["invite"]["code"], "password": NEW_PASSWORD}
    await _once(player, DESK_AGENT, "/api/v1/session/invite", body, "an invitation")


async def _signed_in(player: Player) -> None:
    """Sign in with the right password, prove it once more, and sign in with a wrong one."""
    w = player.world
    seat = w.actor("analyst@city")
    for password, right in ((PASSWORD, True), ("x" * 12, False)):
        body = {"login": seat.login, "password": password, "centre": "city"}
        answer = await _try(player, Actor(seat.name, "nobody", "city"), "POST", "/api/v1/session", body)
        if right:
            player.found.saw("codes", answer.status < 300)
        elif answer.status < 300:
            player.found.leak("codes", "a wrong password opened a session")
    await _try(player, seat, "POST", "/api/v1/session/step-up", {"password": PASSWORD})


async def _passkey(player: Player) -> None:
    """Register a passkey, sign in with it, show the same answer again, and revoke it."""
    who = await _fresh(player, "juror@city")
    device = Authenticator(f"http://{HOST}")
    await _try(player, who, "POST", "/api/v1/session/step-up", {"password": PASSWORD})
    options = json.loads((await _try(player, who, "POST", "/api/v1/me/passkeys/options")).body)["options"]
    made = await _try(player, who, "POST", "/api/v1/me/passkeys", {"name": "key", "credential": device.create(options)})
    comes = Actor("comes", "nobody", "city")
    asked = await _try(player, comes, "POST", "/api/v1/session/passkey/options")
    answer = {"credential": device.get(json.loads(asked.body)["options"])}
    await _once(player, DESK_AGENT, "/api/v1/session/passkey", answer, "a passkey's answer", bearer=who.name)
    await _try(player, who, "POST", "/api/v1/session/step-up/options")
    passkey_id = json.loads(made.body)["passkey_id"]
    await _try(player, who, "POST", f"/api/v1/me/passkeys/{passkey_id}/revoke")


async def _app(player: Player) -> None:
    """Set up an app, confirm it with its code, take new recovery codes, and another password."""
    who = await _fresh(player, "monitor@city")
    secret = json.loads((await _try(player, who, "POST", "/api/v1/me/app")).body)["secret"]
    code = pyotp.TOTP(secret).at(player.stage.clock.now())
    confirmed = await _try(player, who, "POST", "/api/v1/me/app/confirm", {"code": code})
    player.found.saw("codes", confirmed.status < 300)
    await _try(player, who, "POST", "/api/v1/me/recovery-codes")
    await _try(player, who, "POST", "/api/v1/me/password", {"old": PASSWORD, "new": NEW_PASSWORD})


async def _fresh(player: Player, name: str) -> Actor:
    """Return somebody who has just signed in: what proves oneself is changed soon after, or not at all."""
    seat = player.world.actor(name)
    return await sign_in(player.stage, Actor(name, seat.role, seat.centre), seat.login)
