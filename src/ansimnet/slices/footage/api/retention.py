"""Retention over HTTP: how long footage is kept, how the disks stand, what was destroyed, with certificate (CC-04).

Holds on a camera's time are the ones of policy: `POST /api/v1/holds` with the camera and `covers_from_at`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS
from ansimnet.slices.footage.store import archive as store
from ansimnet.slices.footage.store.archive import CertificateRow
from ansimnet.slices.policy import queries as policy

SCREEN = "retention"
NEWEST = 50
"""Certificates in the list: two days of whole hours."""


class DiskShown(BaseModel):
    """How an archive's disk stood when it was last measured. `full_at`: when the oldest will have to go early."""

    archive: str
    noted_at: datetime
    total_bytes: int
    free_bytes: int
    hours: int
    oldest_at: datetime | None
    next_destruction_at: datetime | None
    full_at: datetime | None
    clock_doubt: str | None


class ShorterShown(BaseModel):
    """A camera that is kept for fewer days."""

    camera_id: UUID
    days: int


class CertificateShown(BaseModel):
    """What one sweep destroyed; `root` is on the ledger."""

    certificate_id: UUID
    why: str
    destroyed_at: datetime
    keys: int
    bytes: int
    root: str


class RetentionShown(BaseModel):
    """How long footage is kept here, and what became of it."""

    days: int
    shorter: list[ShorterShown]
    disks: list[DiskShown]
    certificates: list[CertificateShown]


class DestroyedShown(BaseModel):
    """A line of a certificate: one destroyed key, and what it had opened."""

    camera_id: UUID
    hour_at: datetime
    epoch: int
    days: int
    hold_id: UUID | None
    segments: int
    bytes: int
    digest: str


class WholeCertificateShown(CertificateShown):
    """A certificate with its list: hash each line, build the tree, compare with the ledger."""

    destroyed: list[DestroyedShown]


def _shown(row: CertificateRow) -> CertificateShown:
    return CertificateShown(
        certificate_id=row.certificate_id, why=row.why, destroyed_at=row.destroyed_at, keys=row.keys, bytes=row.size,
        root=row.root.hex(),
    )  # fmt: skip


def routes(desk: Desk) -> APIRouter:
    """Return the routes; whoever may hold data may see how long there is any."""
    api = APIRouter()

    async def may(account: policy.Account) -> None:
        await policy.permit(
            desk.home(account), account, Act.HOLD_DATA, resource=None, purpose=Purpose.INVESTIGATE, screen=SCREEN,
            now=desk.clock.now(),
        )  # fmt: skip

    @api.get("/footage/retention")
    async def read_retention(account: Annotated[policy.Account, Depends(door(Act.HOLD_DATA))]) -> RetentionShown:
        """How long footage is kept, how the disks stand, what was destroyed last."""
        await may(account)
        async with desk.home(account).transaction() as tx:
            shorter = await cameras.kept_shorter(tx, LAWFUL_DAYS)
            disks, certificates = await store.disks(tx), await store.certificates(tx, NEWEST)
        return RetentionShown(
            days=LAWFUL_DAYS,
            shorter=[ShorterShown(camera_id=c, days=d) for c, d in sorted(shorter.items())],
            disks=[
                DiskShown(
                    archive=d.archive, noted_at=d.noted_at, total_bytes=d.total, free_bytes=d.free, hours=d.terms,
                    oldest_at=d.oldest_at, next_destruction_at=d.next_at, full_at=d.full_at, clock_doubt=d.doubt,
                )
                for d in disks
            ],
            certificates=[_shown(row) for row in certificates],
        )  # fmt: skip

    @api.get("/footage/certificates/{certificate_id}")
    async def read_certificate(
        certificate_id: UUID, account: Annotated[policy.Account, Depends(door(Act.HOLD_DATA))]
    ) -> WholeCertificateShown:
        """One certificate of destruction with its list."""
        await may(account)
        async with desk.home(account).transaction() as tx:
            row = await store.certificate(tx, certificate_id)
            lines = await store.list_of(tx, certificate_id)
        if row is None:
            raise NotFound("there is no such certificate")
        return WholeCertificateShown(
            **_shown(row).model_dump(),
            destroyed=[
                DestroyedShown(
                    camera_id=d.term.camera_id, hour_at=d.term.hour_at, epoch=d.term.epoch, days=d.term.days,
                    hold_id=d.hold_id, segments=d.segments, bytes=d.size, digest=d.digest.hex(),
                )
                for d in lines
            ],
        )  # fmt: skip

    return api
