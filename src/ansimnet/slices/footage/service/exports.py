"""Exports: asked for with a reason, reviewed by another person, sealed, taken a stated number of times, destroyed."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from ansimnet.facts.footage import ExportAsked, ExportDownloaded, ExportEnded, ExportReviewed
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, Fault, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Act, Masking, Permit, Purpose, Role
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.archive.index import held_until
from ansimnet.slices.footage.archive.opening import footage_dir, open_archive
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.evidence import making
from ansimnet.slices.footage.evidence.making import Maker, NothingThere
from ansimnet.slices.footage.evidence.timestamp import Authority
from ansimnet.slices.footage.masking.spotting import OwnBoxes
from ansimnet.slices.footage.model import Span, Track
from ansimnet.slices.footage.store import decisions
from ansimnet.slices.footage.store import exports as store
from ansimnet.slices.footage.store.exports import ExportRow, Words
from ansimnet.slices.policy import queries as policy

log = structlog.get_logger(__name__)

SCREEN = "export"
MOST_SPANS = 60
"""Cameras and times in one export: an hour has room for a minute of each (ours)."""
MOST_CAMERA_S = {Track.SUB: 3600.0, Track.MAIN: 600.0}
"""Seconds of all spans together: what is masked, marked and signed in some minutes on one core (ours)."""
SETTLED = timedelta(seconds=10)
"""Younger pictures are still being written."""
ANCHORED = timedelta(seconds=90)
"""After so long the ledger has taken in the newest seals (`evidence.anchoring.EVERY_S`)."""
MOST_DAYS = timedelta(days=14)
"""How long it may be taken (ours; Genetec Clearance gives a recipient as long)."""
REVIEWERS = frozenset({Role.SHIFT_LEAD, Role.PRIVACY_OFFICER})
"""Who is the second person, as for an original picture (docs/design/second-person.md)."""
KEPT = timedelta(days=30)
"""No copy of ours outlives the pictures it was made of, or the hold that keeps them (CC-04)."""


class TooMuch(Refusal):
    """An export is of sixty spans and an hour of all of them at most, of what is recorded and settled."""

    name = "export-too-large"


class Overlapping(Refusal):
    """Two spans of one camera overlap: its pictures would leave twice. Join them."""

    name = "export-spans-overlap"


class NoReviewer(Forbidden):
    """Another person reviews an export, one whose work it is."""

    name = "no-reviewer"


class Undecided(Conflict):
    """A doubtful frame is left that nobody has decided about."""

    name = "export-undecided"


class NotNow(Conflict):
    """The export is not at this step."""

    name = "export-not-there-yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for. `search`: whose route it is, and the step of that search that asked."""

    spans: tuple[Span, ...]
    original: bool
    words: Words
    track: Track = Track.SUB
    downloads: int
    download_until: datetime
    search: tuple[UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Exports:
    """The use cases. `maker` opens this machine's archive at its first use."""

    maker: Callable[[], Maker]

    async def ask(self, account: policy.Account, wanted: Wanted) -> ExportRow:
        """Ask for an export; it waits for its masks and for a reviewer.

        Raises:
            TooMuch, Overlapping: see their names.
            Forbidden: no ground of this account lets these pictures out.
            NotFound: one of the cameras is not in service, or no step of a search of this account offered its route.
        """
        m = self.maker()
        now, spans = m.clock.now(), in_order(wanted.spans, MOST_CAMERA_S[wanted.track])
        holds = await m.archive.index.holds()
        held = [(s, held_until(holds, [s.camera_id], s.from_at, s.until_at, now)) for s in spans]
        dies_at = min(max(s.from_at + KEPT, until or s.from_at) for s, until in held)
        if max(s.until_at for s in spans) > now - SETTLED or dies_at <= now:
            raise TooMuch
        permit = await self._permit(account, {s.camera_id for s in spans}, wanted.original, now)
        search_id, search_step = wanted.search or (None, None)
        row = ExportRow(
            export_id=new_id(),
            asked_by=account.account_id,
            asked_role=account.role,
            asked_at=now,
            permit_id=permit.permit_id,
            ground_id=permit.ground_id,
            spans=spans,
            track=wanted.track,
            original=wanted.original,
            most_downloads=wanted.downloads,
            download_until=min(wanted.download_until, now + MOST_DAYS, dies_at),
            state="asked",
            doubts=[],
            patches=[],
            reviewed_by=None,
            reviewed_at=None,
            sealed_at=None,
            size=None,
            manifest_sha256=None,
            downloads=0,
            ended_at=None,
            end_reason=None,
            search_id=search_id,
            search_step=search_step,
        )
        async with m.db.transaction() as tx:
            if len(await cameras.by_ids(tx, row.cameras)) < len(row.cameras):
                raise NotFound("one of the cameras is not in service")
            if wanted.search is not None and not await store.route_offered(tx, *wanted.search, account.account_id):
                raise NotFound("no step of your search offered this route", todo="ask for the route's copies first")
            await store.add(tx, row, wanted.words)
            await append(tx, _asked(row, now), actor=f"account:{account.account_id}")
        return row

    async def _permit(self, account: policy.Account, ids: Collection[UUID], original: bool, now: datetime) -> Permit:
        return await policy.permit(
            self.maker().db,
            account,
            Act.EXPORT_DATA,
            resources=ids,
            purpose=Purpose.INVESTIGATE,
            screen=SCREEN,
            now=now,
            masking=Masking.ORIGINAL if original else Masking.MASKED,
        )

    # -- looking

    async def own(self, account: policy.Account) -> list[tuple[ExportRow, Words | None]]:
        """Return one's own exports, the newest first."""
        async with self.maker().db.transaction() as tx:
            return [(r, await store.words_of(tx, r.export_id)) for r in await store.listed(tx, account.account_id)]

    async def to_review(self, account: policy.Account) -> list[tuple[ExportRow, Words | None]]:
        """Return the exports that wait for a reviewer other than this account."""
        await self.approver(account, None)
        async with self.maker().db.transaction() as tx:
            rows = [r for r in await store.in_state(tx, "review") if r.asked_by != account.account_id]
            return [(r, await store.words_of(tx, r.export_id)) for r in rows]

    async def doubts(self, account: policy.Account, export_id: UUID) -> list[dict[str, Any]]:
        """Return every doubtful place of an export, the worst first, to a reviewer."""
        await self.approver(account, export_id)
        async with self.maker().db.transaction() as tx:
            return (await _known(tx, export_id)).doubts

    async def look(self, account: policy.Account, export_id: UUID, number: int) -> bytes:
        """Return the JPEG of one doubtful place as the export would show it, to a reviewer."""
        await self.approver(account, export_id)
        async with self.maker().db.transaction() as tx:
            row = await _known(tx, export_id)
        return await asyncio.to_thread(making.look, self.maker().archive, self.maker().own, row, number)

    async def approver(self, account: policy.Account, export_id: UUID | None) -> None:
        """Let only those on whose work reviews are.

        Raises:
            NoReviewer: this account's are not.
        """
        m = self.maker()
        if account.role not in REVIEWERS:
            await policy.refused(
                m.db, account, Act.APPROVE, Purpose.INVESTIGATE, frozenset(), "export-review", m.clock.now()
            )
            raise NoReviewer("this role does not review exports", detail_ko="이 역할은 내보내기를 검토하지 않습니다")
        await policy.permit(
            m.db,
            account,
            Act.APPROVE,
            resource=export_id,
            purpose=Purpose.INVESTIGATE,
            screen="export-review",
            now=m.clock.now(),
        )

    async def review(
        self, account: policy.Account, export_id: UUID, patches: Sequence[dict[str, Any]], *, hide_rest: bool = False
    ) -> ExportRow:
        """Let an export go on as the second person, with what is to be hidden besides.

        With `hide_rest` the whole picture is hidden wherever a doubt is left undecided.

        Raises:
            NoReviewer: who asks does not review.
            NotNow: it does not wait for a reviewer.
            Undecided: a doubtful frame is left, and not to be hidden whole.
        """
        await self.approver(account, export_id)
        m = self.maker()
        now = m.clock.now()
        async with m.db.transaction() as tx:
            row = await _known(tx, export_id, lock=True)
            if row.asked_by == account.account_id:
                raise NoReviewer(detail_ko="요청한 사람은 검토하지 않습니다")
            if row.state != "review":
                raise NotNow(f"it is {row.state}")
            if not hide_rest and await decisions.undecided(tx, export_id, len(row.doubts)):
                raise Undecided(detail_ko="결정하지 않은 장면이 남아 있습니다")
            await store.set_reviewed(tx, export_id, account.account_id, patches, now)
            fact = ExportReviewed(fact_id=FactId(new_id()), happened_at=now, export_id=export_id, by=account.account_id)
            await append(tx, fact, actor=f"account:{account.account_id}")
            return await _known(tx, export_id)

    # -- taking

    async def download(self, account: policy.Account, export_id: UUID) -> bytes:
        """Return the file, counted and on the ledger before its first byte. The right must still stand.

        Raises:
            NotFound: not this account's. NotNow: not sealed, used up, or too late.
            Forbidden: the right has ended.
        """
        m = self.maker()
        now = m.clock.now()
        async with m.db.transaction() as tx:
            row = await _known(tx, export_id, of=account.account_id)
        _takes(row, now)
        permit = await self._permit(account, row.cameras, row.original, now)
        data = await asyncio.to_thread(m.bring, export_id)
        async with m.db.transaction() as tx:
            row = await _known(tx, export_id, of=account.account_id, lock=True)
            _takes(row, now)
            number = await store.count_download(tx, export_id)
            fact = ExportDownloaded(
                fact_id=FactId(new_id()),
                happened_at=now,
                export_id=export_id,
                by=account.account_id,
                permit_id=permit.permit_id,
                number=number,
            )
            await append(tx, fact, actor=f"account:{account.account_id}")
        return data

    async def withdraw(self, account: policy.Account, export_id: UUID) -> None:
        """Take back one's own export; its bytes are destroyed."""
        async with self.maker().db.transaction() as tx:
            await _known(tx, export_id, of=account.account_id, lock=True)
        await self.end(export_id, "withdrawn")

    async def end(self, export_id: UUID, reason: str) -> None:
        """End an export: nobody can take it any more, its words and bytes are destroyed. Safe to run twice."""
        m = self.maker()
        now = m.clock.now()
        async with m.db.transaction() as tx:
            if await store.set_ended(tx, export_id, reason, now):
                fact = ExportEnded(fact_id=FactId(new_id()), happened_at=now, export_id=export_id, reason=reason)
                await append(tx, fact, actor="system:footage")
        await asyncio.to_thread(m.destroy, export_id)

    # -- making

    async def work(self) -> None:
        """Do what waits: name doubts, seal what was reviewed, destroy what is over. Safe to kill, and to repeat."""
        m = self.maker()
        await Sweeper(m.archive).refresh()
        async with m.db.transaction() as tx:
            over = await store.over(tx, m.clock.now())
            asked, reviewed = await store.in_state(tx, "asked"), await store.in_state(tx, "reviewed")
        for export_id, reason in over:
            await self.end(export_id, reason)
        for row in asked:
            await self._or_fail(row, self._name_doubts)
        for row in (r for r in reviewed if r.until_at + ANCHORED <= m.clock.now()):
            await self._or_fail(row, self._seal)

    async def _or_fail(self, row: ExportRow, step: Callable[[ExportRow], Any]) -> None:
        try:
            await step(row)
        except (NothingThere, Fault) as error:
            log.warning("an export failed", export_id=str(row.export_id), error=type(error).__name__)
            await self.end(row.export_id, "failed")

    async def _name_doubts(self, row: ExportRow) -> None:
        m = self.maker()
        doubts = await asyncio.to_thread(making.doubts_of, m.archive, m.own, row)
        async with m.db.transaction() as tx:
            await store.set_doubts(tx, row.export_id, doubts)

    async def _seal(self, row: ExportRow) -> None:
        m = self.maker()
        async with m.db.transaction() as tx:
            words = await store.words_of(tx, row.export_id)
            known = await cameras.by_ids(tx, row.cameras)
            people = [AccountId(a) for a in (row.asked_by, row.reviewed_by) if a is not None]
            seats = {str(a): seat for a, seat in (await policy.logins(tx, people)).items()}
        if words is None or len(known) < len(row.cameras):
            raise NothingThere
        data, manifest = await m.seal(row, known, words, seats)
        await asyncio.to_thread(m.keep, row.export_id, data)
        async with m.db.transaction() as tx:
            sealed = await store.set_sealed(tx, row.export_id, len(data), manifest, m.clock.now())
        if not sealed:
            await asyncio.to_thread(m.destroy, row.export_id)


def in_order(spans: Collection[Span], most_s: float) -> tuple[Span, ...]:
    """Return spans in the order of time.

    Raises:
        TooMuch: there are none, or too many; one is no time at all; all together are longer than `most_s` seconds.
        Overlapping: two of one camera overlap.
    """
    if not 0 < len(spans) <= MOST_SPANS or any(s.seconds <= 0 for s in spans) or sum(s.seconds for s in spans) > most_s:
        raise TooMuch
    by_camera = sorted(spans, key=lambda s: (s.camera_id, s.from_at))
    if any(a.camera_id == b.camera_id and b.from_at < a.until_at for a, b in pairwise(by_camera)):
        raise Overlapping("two spans of one camera overlap", todo="join them", detail_ko="한 카메라의 시간이 겹칩니다")
    return tuple(sorted(by_camera, key=lambda s: s.from_at))


def _asked(row: ExportRow, now: datetime) -> ExportAsked:
    return ExportAsked(
        fact_id=FactId(new_id()),
        happened_at=now,
        export_id=row.export_id,
        by=row.asked_by,
        permit_id=row.permit_id,
        cameras=row.cameras,
        from_at=row.from_at,
        until_at=row.until_at,
        original=row.original,
    )


def _takes(row: ExportRow, now: datetime) -> None:
    if not row.takes(now):
        raise NotNow(f"it is {row.state}", detail_ko="지금은 내려받을 수 없습니다")


async def _known(tx: Tx, export_id: UUID, *, of: AccountId | None = None, lock: bool = False) -> ExportRow:
    row = await store.load(tx, export_id, lock=lock)
    if row is None or (of is not None and row.asked_by != of):
        raise NotFound("there is no such export")
    return row


_kept: WeakKeyDictionary[Db, Exports] = WeakKeyDictionary()


def exports_of(settings: Settings, city: Db, clock: Clock) -> Exports:
    """Return the exports of this machine's archive, one for each database; it is opened at its first use."""
    found = _kept.get(city)
    if found is None:
        found = _kept[city] = Exports(functools.partial(_maker, settings, city, clock, []))
    return found


def _maker(settings: Settings, city: Db, clock: Clock, opened: list[Maker]) -> Maker:
    if not opened:
        opened.append(
            Maker(
                db=city,
                clock=clock,
                archive=open_archive(settings, city, clock),
                own=OwnBoxes(settings.models_folder),
                folder=footage_dir(settings),
                ledger_folder=settings.data_dir / "ledger",
                authority=None if settings.timestamp_url is None else Authority(settings.timestamp_url),
            )
        )
    opened[0].archive.guard.follow()
    return opened[0]
