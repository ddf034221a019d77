"""`ansimnet demo`: set the stage, start the system, let the night run; with people looking, or measured."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from ansimnet.app.demo.desk import Investigator
from ansimnet.app.demo.headless import play
from ansimnet.app.demo.searching import TOLD_AFTER_S, play_search
from ansimnet.app.demo.stage import SEATS, Stage, prepare, set_stage, world_of
from ansimnet.app.demo.vision import watch_cameras
from ansimnet.app.supervise import Running, system
from ansimnet_sim.clients.api import Api
from ansimnet_sim.clients.sightings import Notes
from ansimnet_sim.searching import Sought

err = Console(stderr=True)


def run_demo(
    *,
    scenario: str,
    headless: bool,
    data: Path | None,
    world: Path | None,
    seed: int,
    port: int,
    keep: bool,
    say: Callable[[str], None],
) -> dict[str, Any] | None:
    """Run the demo; headless runs return their figures.

    Raises:
        Refusal: an unknown scenario, a world file that is none, or a data folder without a district.
    """
    chosen = world_of(scenario, seed, data, world, headless=headless)
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-demo-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # the database's own user walks through to its folder
    try:
        return asyncio.run(_run(chosen, folder, headless=headless, port=0 if headless else port, say=say))
    except KeyboardInterrupt:
        err.print("the night is over")
        return None
    finally:
        if keep:
            say(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


async def _run(
    world: Any, folder: Path, *, headless: bool, port: int, say: Callable[[str], None]
) -> dict[str, Any] | None:
    stage = await set_stage(world, folder, port=port, say=say)
    try:
        say("starting the database …")
        async with system(stage.settings, say=say, prepare=lambda db: prepare(stage, db, say=say)) as running:
            say("starting the API, the worker and the relay (the first start compiles kernels) …")
            await running.ready()
            if headless and stage.world.story.sought is not None:
                return await play_search(stage, running, say=say)
            if headless:
                return await play(stage, running, say=say)
            await _with_people(stage, running, say=say)
            return None
    finally:
        await stage.night.close()


async def enter(stage: Stage) -> dict[str, Api]:
    """Sign every seat in and enter the night's orders, people, devices and units."""
    apis = {}
    for _, login, _, _ in SEATS:
        apis[login] = Api(stage.settings.public_url)
        await apis[login].sign_in(login, stage.password)
    await stage.night.register(apis["officer"], apis["admin"])
    return apis


async def _asked(stage: Stage, sought: Sought, apis: dict[str, Api], say: Callable[[str], None]) -> None:
    """Ask for tonight's search and have it approved, so that whoever sits at the desk goes on from there."""
    await asyncio.sleep(stage.world.story.lead_s + TOLD_AFTER_S)
    await Investigator(stage, sought, apis[sought.login], apis["city-lead"]).ask()
    say(f"“{sought.text}”: asked and approved. Sign in as `{sought.login}`, open tracing (추적), press F to look.")


async def _with_people(stage: Stage, running: Running, *, say: Callable[[str], None]) -> None:
    apis = await enter(stage)
    stage.night.phone = None
    registered = stage.night.registered
    table = Table("who", Column("where", no_wrap=True), "login", "password or code", title="안심망 · Ansimnet demo")
    base = stage.settings.public_url
    for _, login, _, display in SEATS:
        table.add_row(display, base, login, stage.password)
    if registered.phone_code:
        table.add_row("피해자 P-207", f"{base}/phone", "", registered.phone_code)
    for name, code in registered.unit_codes.items():
        table.add_row(name, f"{base}/unit", "", code)
    err.print(table)
    err.print(
        f"Tonight: [bold]{stage.world.story.scenario.title_en}[/]. Everything you see is simulated. Ctrl+C ends it."
    )
    with suppress(Exception):
        webbrowser.open(base)
    stop = asyncio.Event()
    with suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sought = stage.world.story.sought
    notes = None if sought is None else Notes()
    analytics = asyncio.create_task((await watch_cameras(stage, apis["city-lead"], notes)).run())
    say("the night begins in 20 s …")
    await asyncio.sleep(20)
    asking = None if sought is None else asyncio.create_task(_asked(stage, sought, apis, say))
    await stage.night.play(base, stop=stop)
    if asking is not None:
        await asking
    err.print("the scripted part is told; the system goes on. Ctrl+C ends it.")
    await stop.wait()
    analytics.cancel()
    for api in apis.values():
        await api.client.aclose()
    del running
