"""A server process that holds sealed sightings: issues their keys, takes them in, and opens them when a search may.

`python -m tests.slices.tracing.holder`; its first line of input says where everything is, each further line is a word
of what to do, each line of output that it is done. Tests read its memory meanwhile.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, AccountId, CameraId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.roles import Urls
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.service import intake, looking
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store.keys import HourKeys


def say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


async def serve(said: dict[str, Any]) -> None:
    folder, now = Path(said["folder"]), datetime.fromisoformat(said["now"])
    camera_id = CameraId(UUID(said["camera_id"]))
    keys = HourKeys(folder / "tracing-keys", keks.Ring(keks.Folder(folder / "kek")))
    stores = {TRACKING_CENTRE: KeyStore(folder / "keys-tracking"), CITY_CENTRE: KeyStore(folder / "keys-city")}
    async with Dbs.at(Urls(**said["urls"]), keys=stores, app="holder") as dbs:
        say(keys=intake.keys_for(keys, [camera_id], now)[camera_id])
        found: list[Any] = []
        while line := await asyncio.to_thread(sys.stdin.readline):
            word = json.loads(line)
            if "take" in word:
                rows = [(i, str(camera_id), hour, base64.b64decode(b)) for i, hour, b in word["take"]]
                say(taken=len(await intake.take_sealed(dbs.city, rows, now)))
            elif "look" in word:
                asker = policy.Account(
                    account_id=AccountId(UUID(word["asker"])), centre_id=CITY_CENTRE, login="asker",
                    role=Role.INVESTIGATOR, display="자리", subject_id=None, disabled_at=None,
                )  # fmt: skip
                nets = Nets(MapData(folder / "map"))
                found = await looking.look(dbs.city, keys, nets, asker, UUID(word["look"]), now)
                say(found=len(found))


if __name__ == "__main__":
    asyncio.run(serve(json.loads(sys.stdin.readline())))
