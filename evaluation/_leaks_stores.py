"""The innermost door: every function that takes a permit, called with permits that do not cover the call."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from evaluation._leaks_play import Player
from evaluation._leaks_world import LIVE

import ansimnet.slices
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Act, NoPermit, Permit, Purpose
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.store import accounts


def takers() -> list[Callable[..., Any]]:
    """Return every function of the slices that takes a permit and is its own module's."""
    found = {}
    for info in pkgutil.walk_packages(ansimnet.slices.__path__, "ansimnet.slices."):
        if ".relay" in info.name or info.name.endswith(("wiring", ".api")) or ".api." in info.name:
            continue
        module = importlib.import_module(info.name)
        for name, function in vars(module).items():
            if not inspect.iscoroutinefunction(function) or name.startswith("_"):
                continue
            permit = inspect.signature(function).parameters.get("permit")
            if permit is not None and permit.annotation in ("Permit", Permit) and function.__module__ == info.name:
                found[f"{info.name}.{name}"] = function
    return list(found.values())


async def stores(player: Player) -> None:
    """Call each with a permit that ran out, one that was revoked, one for another act, one for other ids."""
    async for name, permit in _bad_permits(player):
        for function in takers():
            async with player.stage.dbs.tracking.transaction() as tx:
                arguments = await _arguments(player, tx, function, permit)
                if arguments is None:
                    player.found.extras[f"no arguments for {function.__qualname__}"] += 1
                    continue
                player.found.extras["stores"] += 1
                try:
                    await function(**arguments)
                except NoPermit:
                    continue
                except Exception as error:
                    gave = type(error).__name__
                else:
                    gave = "an answer"
            player.found.leak("store", f"{function.__module__}.{function.__qualname__} gave {gave} for {name}")


async def _bad_permits(player: Player) -> AsyncIterator[tuple[str, Permit]]:
    now = player.stage.clock.now()
    account = await _controller(player)
    good = await policy.permit(
        player.stage.dbs.tracking, account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen="alarms", now=now
    )
    whole = replace(good, acts=frozenset(Act), resources=None, not_after=now + timedelta(hours=1))
    yield "a permit that ran out", replace(whole, not_after=now)
    yield "a revoked permit", replace(whole, revoked_at=now)
    yield "a permit for another act", replace(whole, acts=frozenset({Act.SIGN_IN}))
    yield "a permit for other ids", replace(whole, resources=frozenset({new_id()}))


async def _controller(player: Player) -> Account:
    async with player.stage.dbs.tracking.transaction() as tx:
        found = await accounts.find_login(tx, "tracking-controller-tracking")
    assert found is not None
    account: Account = found[0]
    return account


async def _arguments(player: Player, tx: Tx, function: Callable[..., Any], permit: Permit) -> dict[str, Any] | None:
    """Return arguments that would be right but for the permit, by the names of the parameters."""
    ids = player.world.ids
    now = player.stage.clock.now()
    victim = UUID(ids["protected_person_id"][f"victim{LIVE}"])
    wearer = UUID(ids["wearer_id"][f"wearer{LIVE}"])
    known: dict[str, Any] = {
        "tx": tx,
        "permit": permit,
        "now": now,
        "since": now - timedelta(hours=2),
        "until": now,
        "from_at": now - timedelta(hours=2),
        "until_at": now,
        "maps": player.stage.host.context.map,
        "act": Act.READ_TRACK,
        "which": "all",
        "resource": UUID(ids["camera_id"][f"given{LIVE}"]),
        "track": "17",
        "extras": {},
        "wearer_id": wearer,
        "incident_id": UUID(ids["incident_id"][f"incident{LIVE}"]),
        "unit_id": UUID(ids["unit_id"][f"unit{LIVE}"]),
        "person_id": victim if "protection" in function.__module__ else wearer,
    }
    if "supervision" in function.__module__ and "a" in inspect.signature(function).parameters:
        from ansimnet.slices.supervision import queries as supervision

        known["a"] = await supervision.alarm(tx, UUID(ids["alarm_id"][f"wearer{LIVE}"]))
    wanted = {n: p for n, p in inspect.signature(function).parameters.items() if p.default is inspect.Parameter.empty}
    return {n: known[n] for n in wanted} if all(n in known for n in wanted) else None
