"""The innermost door: every function that takes a permit, called with permits that do not cover the call."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from evaluation._leaks_permits import Undo, account_of
from evaluation._leaks_play import Player
from evaluation._leaks_world import LIVE

import ansimnet.slices
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Act, Masking, NoPermit, Permit, Purpose
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import queries as policy


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
    """Call each with a permit that covers it, and with four that do not; what it changes is taken back."""
    async for name, permit in _permits(player):
        for function in takers():
            where = f"{function.__module__}.{function.__qualname__}"
            gave = await _gave(player, function, permit)
            if gave is None:
                player.found.broken[f"store: no arguments for {where}"] += 1
                continue
            player.found.extras["stores"] += 1
            if name == RIGHT:
                player.found.saw("stores", gave in (ANSWER, NOTHING))
            elif gave != REFUSED and not (gave == NOTHING and name == OTHER_IDS):
                player.found.leak("store", f"{where} gave {gave} for {name}")


CONTROLLER = "tracking-controller-tracking"
"""Whose permits are tried."""
RIGHT = "a permit that covers it"
OTHER_IDS = "a permit for other ids"
ANSWER, NOTHING, REFUSED = "an answer", "an empty list", "no permit"
"""A list shows what its permit reaches: for other ids that is nothing."""


async def _gave(player: Player, function: Callable[..., Any], permit: Permit) -> str | None:
    """Return what a function does with a permit: an answer, or an exception's name; None where it cannot be called."""
    gave: str | None = None
    with suppress(Undo):
        async with player.stage.dbs.tracking.transaction() as tx:
            arguments = await _arguments(player, tx, function, permit)
            if arguments is not None:
                try:
                    found = await function(**arguments)
                    gave = NOTHING if found in ([], (), {}) else ANSWER
                except NoPermit:
                    gave = REFUSED
                except Exception as error:  # whatever it is, it was not refused for the permit
                    gave = type(error).__name__
            raise Undo
    return gave


async def _permits(player: Player) -> AsyncIterator[tuple[str, Permit]]:
    now = player.stage.clock.now()
    account = await account_of(player.stage.dbs.tracking, CONTROLLER)
    good = await policy.permit(
        player.stage.dbs.tracking, account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen="alarms", now=now
    )
    whole = replace(good, acts=frozenset(Act), resources=None, not_after=now + timedelta(hours=1))
    yield RIGHT, whole
    yield "a permit that ran out", replace(whole, not_after=now)
    yield "a revoked permit", replace(whole, revoked_at=now)
    yield "a permit for another act", replace(whole, acts=frozenset({Act.SIGN_IN}))
    yield OTHER_IDS, replace(whole, resources=frozenset({new_id()}))


async def _arguments(player: Player, tx: Tx, function: Callable[..., Any], permit: Permit) -> dict[str, Any] | None:
    """Return arguments that would be right but for the permit, by the names of the parameters."""
    ids = player.world.ids
    now = player.stage.clock.now()
    victim = UUID(ids["protected_person_id"][f"victim{LIVE}"])
    wearer = UUID(ids["wearer_id"][f"wearer{LIVE}"])
    known: dict[str, Any] = {
        "tx": tx,
        "permit": permit,
        "lifted": permit,
        "now": now,
        "since": now - timedelta(hours=2),
        "until": now,
        "from_at": now - timedelta(hours=2),
        "until_at": now,
        "maps": player.stage.host.context.map,
        "act": Act.READ_TRACK,
        "which": "all",
        "resource": UUID(ids["camera_id"][f"given{LIVE}"]),
        "camera_id": UUID(ids["camera_id"][f"given{LIVE}"]),
        "ticket_id": new_id(),
        "action": "looked at",
        "reason": "leaks",
        "by": permit.account_id,
        "account": await account_of(player.stage.dbs.tracking, CONTROLLER),
        "masking": Masking.MASKED,
        "track": "17",
        "name": "17",
        "at": now - timedelta(hours=1),
        "box": (0.1, 0.1, 0.2, 0.3),
        "extras": {},
        "wearer_id": wearer,
        "incident_id": UUID(ids["incident_id"][f"incident{LIVE}"]),
        "unit_id": UUID(ids["unit_id"][f"unit{LIVE}"]),
        "person_id": victim if "protection" in function.__module__ else wearer,
    }
    if "supervision" in function.__module__ and "a" in inspect.signature(function).parameters:
        from ansimnet.slices.supervision import queries as supervision

        known["a"] = await supervision.alarm(tx, UUID(ids["alarm_id"][f"wearer{LIVE}"]))
    wanted = {
        n: p
        for n, p in inspect.signature(function).parameters.items()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    }
    return {n: known[n] for n in wanted} if all(n in known for n in wanted) else None
