"""What an hour of a country's wearers costs: 5,000 devices, each with its own key, a fix per 15 s, in real time.

The real system (API with both doors of devices, worker, sealer, PostgreSQL with fsync) in a fresh folder; a load in a
process of its own in which every device speaks for itself: 40 of 100 by OsmAnd's form (a connection and a request per
fix), 40 by MQTT (a connection that stays, level 1), 20 by small JSON batches (two fixes every 30 s). 500 wearers must
also keep from a protected person whose device speaks too, so 5,500 devices send 367 fixes a second. Everybody has two
zones. Breaches are staged; all others rest or walk where nothing is forbidden. There is no TLS: a proxy has it.

Then one shard of a million phones at a fix a minute, run in the same way: see `docs/design/supervision-intake.md`.

Small is compressed and says so in `compressed`: fewer people send as many fixes a second, and the time that the fixes
tell runs faster than ours. `--hours` shortens the hour; `hours` says how long it was. Percent are of one core, by
processor time of every process but the load's.

Keys: core_percent core_percent_of ack_ms_p50 ack_ms_p99 alarms fixes_lost fixes_doubled facts_lost facts_doubled
by_form shard hours compressed.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from dataclasses import replace
from typing import Any

from benchmarks import _wearers_house as houses
from benchmarks._wearers_house import Pace
from benchmarks._wearers_people import BREACH_STEPS, Mix, people_of

from ansimnet.app.measure import Options

WEARERS, EVERY_S = 5_000, 15.0
PHONES, PHONES_EVERY_S = 1_000_000, 60.0
PHONES_OF_A_SHARD = 40_000
"""One shard: a machine of two cores (ours, from the processor time of a fix that was measured, twice over)."""
SHARD_HOURS = 0.1
SMALL_SHARE = 25
"""Small has so many times fewer wearers, who send so many times as often."""
SMALL_STAGED = 1.0
"""Breaches of a hundred wearers: in seconds each weighs more than in an hour."""
SMALL_SHARD_SHARE = 200
SMALL_STEP_S = 8.0
"""What passes between two fixes of a small run in the time they tell: all of it together stays below the silence that
would be told (225 s)."""
DEVICES = Mix(forms=(("osmand", 40), ("mqtt", 40), ("json", 20)), zones=2, pairs_in_100=10, staged_in_100=3.0)
PHONES_MIX = Mix(
    forms=(("osmand", 70), ("mqtt", 30)), zones=2, pairs_in_100=100, staged_in_100=0.0, others_each=8
)  # fmt: skip
"""Of ten phones one is a wearer's, one hers whom he must keep from, eight are of people under protection alone."""


def run(options: Options) -> dict[str, Any]:
    """Run the hour and the shard, and return the figures."""
    hour = asyncio.run(_hour(options))
    # whatever becomes of the shard: an hour is not lost with it
    print(json.dumps({"hour": hour}), file=sys.stderr, flush=True)
    return hour | {"shard": asyncio.run(_shard(options))}


async def _hour(options: Options) -> dict[str, Any]:
    small = options.size == "small"
    hours = None if small else options.hours or 1.0
    share = SMALL_SHARE if small else 1
    rounds = BREACH_STEPS + 5 if hours is None else max(BREACH_STEPS + 8, math.ceil(hours * 3600 / EVERY_S))
    pace = Pace(rounds, EVERY_S / share, SMALL_STEP_S if small else EVERY_S, 2)
    mix = replace(DEVICES, staged_in_100=SMALL_STAGED) if small else DEVICES
    people = people_of(options.seed, WEARERS // share, mix, rounds, pace.warm + 1)
    figures = await _stage(options, "hour", people, pace)
    percent = figures["core_percent"]
    return {
        "wearers": sum(not p.protected for p in people),
        "protected_persons": sum(p.protected for p in people),
        "zones": sum(p.zones for p in people),
        "every_s": EVERY_S,
        "hours": round(pace.rounds * pace.round_s / 3600, 3),
        "compressed": share,
        "met": percent <= 50.0,
        **figures,
        "cores": os.cpu_count(),
    }


async def _shard(options: Options) -> dict[str, Any]:
    small = options.size == "small"
    share = SMALL_SHARD_SHARE if small else 1
    hours = SHARD_HOURS if options.hours is None else min(SHARD_HOURS, options.hours)
    rounds = 12 if small else max(4, math.ceil(hours * 3600 / PHONES_EVERY_S))
    pace = Pace(rounds, PHONES_EVERY_S / share, SMALL_STEP_S if small else PHONES_EVERY_S, 2 if small else 1)
    people = people_of(options.seed, PHONES_OF_A_SHARD // share // 10, PHONES_MIX, rounds, pace.warm)
    figures = await _stage(options, "shard", people, pace)
    a_day = PHONES_OF_A_SHARD * 86_400 / PHONES_EVERY_S
    return {
        "phones": len(people) * share,
        "every_s": PHONES_EVERY_S,
        "shards_of_a_million": math.ceil(PHONES / PHONES_OF_A_SHARD),
        "hours": round(pace.rounds * pace.round_s / 3600, 3),
        "compressed": share,
        "phones_of_a_core": round(1e6 / figures["us_per_fix"] * PHONES_EVERY_S),
        "gb_a_day": {k: round(v * a_day / 1e9, 1) for k, v in figures["bytes_per_fix"].items()},
        **figures,
    }


async def _stage(options: Options, name: str, people: list[Any], pace: Pace) -> dict[str, Any]:
    begun = 0.0 if name == "hour" else 0.5

    def tell(words: str) -> None:
        options.progress(begun, 1.0, f"{name}: {words}")

    async with houses.house(people, tell) as (running, folder):
        ran = await houses.under_load(running, folder, people, pace, options.seed, tell)
        tell("comparing by raw SQL")
        figures = houses.cost(ran, pace.warm) | await houses.kept(running, people, ran, pace)
        return figures | {"by_form": houses.by_form(ran, people, pace.warm)}
