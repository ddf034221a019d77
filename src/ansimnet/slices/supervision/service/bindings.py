"""What binds people and whose devices are whose, remembered by a process that judges, and read anew when it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.supervision.model import Device, Person, PersonId
from ansimnet.slices.supervision.rules.sift import Bound
from ansimnet.slices.supervision.store import devices
from ansimnet.slices.supervision.store import scene as scenes

MOST_KNOWN = 200_000
"""People remembered, some kilobytes each."""


class Bindings:
    """One process's memory of what binds whom. No truth: each batch compares it with the rows that it locks."""

    def __init__(self) -> None:
        self._people: dict[int, Bound] = {}
        self._called: dict[str, int] = {}

    async def of_devices(self, db: Db, names: Iterable[str]) -> dict[str, Bound]:
        """Return what binds whoever carries the devices with these names or ids, by the word that was asked."""
        now_s, wanted = monotonic_s(), set(names)
        found = {n: b for n in wanted if (b := self._known(n, now_s)) is not None}
        if missing := wanted - found.keys():
            async with db.transaction() as tx:
                called = await devices.devices_called(tx, sorted(missing))
                await self._read(tx, {d.person_id for d in called.values()}, now_s)
            of_whom = {n: b.person_id.int for n, b in found.items()}
            of_whom |= {n: d.person_id.int for n, d in called.items()}
            found = {n: self._people[p] for n, p in of_whom.items()}  # one word of each person, the last that was read
        return found

    def stale(self, bounds: Iterable[Bound], locked: Mapping[PersonId, Person]) -> bool:
        """Tell whether anybody's row says other than what is remembered; forget those."""
        by = {p.int: person.bound_by for p, person in locked.items()}  # by number: see `sift`
        old = [b for b in bounds if by.get(b.person_id.int) != b.bound_by]
        for b in old:
            self._people.pop(b.person_id.int, None)
        return bool(old)

    def _known(self, name: str, now_s: float) -> Bound | None:
        person = self._called.get(name)
        bound = self._people.get(person) if person is not None else None
        return bound if bound is not None and name in bound.devices and now_s < bound.until_s else None

    async def _read(self, tx: Tx, people: set[PersonId], now_s: float) -> None:
        """Read what binds some people. What they are bound by is read first: a change in between shows itself later."""
        if len(self._people) + len(people) > MOST_KNOWN:
            self._people.clear()
            self._called.clear()
        by: dict[PersonId, UUID] = {
            r[0]: r[1]
            for r in await tx.all(
                "select person_id, bound_by from supervision_person where person_id = any(%s)", [list(people)]
            )
        }
        theirs: dict[PersonId, list[Device]] = {}
        for d in await devices.devices_of(tx, people):
            theirs.setdefault(d.person_id, []).append(d)
        found = await scenes.conditions_of(tx, people)
        for p in people:
            bound = Bound.of(p, by[p], now_s + scenes.OPEN_FOR_S, theirs.get(p, []), found)
            self._people[p.int] = bound
            self._called |= dict.fromkeys(bound.devices, p.int)
