"""Routes of wall layouts: who stands before a wall saves which cameras stand where. A layout opens no picture."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.http import door
from ansimnet.slices.footage.api.forms import Form
from ansimnet.slices.footage.api.live import Desk
from ansimnet.slices.footage.store import walls as store
from ansimnet.slices.footage.store.walls import Wall
from ansimnet.slices.policy import queries as policy

MOST = 40
"""Layouts of one account (ours): what a list is still searched by eye."""
MOST_TILES = 12
"""The keys 1 to 9, 0, - and = each mean a tile."""

Tile = UUID | Literal["map"] | None
Sees = Annotated[policy.Account, Depends(door(Act.READ_CAMERAS))]


class WallForm(Form):
    """A layout: its tiles in order, the map or nothing in some."""

    name: str = Field(min_length=1, max_length=60)
    shared: bool = False
    size: int = Field(MOST_TILES, ge=1, le=MOST_TILES)
    tiles: list[Tile] = Field(max_length=MOST_TILES)


class WallShown(BaseModel):
    """A layout in the list."""

    wall_id: UUID
    name: str
    shared: bool
    own: bool
    size: int
    tiles: list[Tile]


class WallsShown(BaseModel):
    """One's own layouts and those the centre shares."""

    walls: list[WallShown]


def _shown(wall: Wall, account: policy.Account) -> WallShown:
    return WallShown(
        wall_id=wall.wall_id,
        name=wall.name,
        shared=wall.shared,
        own=wall.account_id == account.account_id,
        size=wall.size,
        tiles=["map" if t == "map" else UUID(t) if t else None for t in wall.tiles],
    )


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/footage/walls")

    async def may(account: policy.Account) -> None:
        await policy.permit(
            desk.home(account),
            account,
            Act.READ_CAMERAS,
            purpose=Purpose.OPERATE,
            screen="wall",
            now=desk.clock.now(),
        )

    @api.get("")
    async def read(account: Sees) -> WallsShown:
        """The layouts this account may use."""
        await may(account)
        async with desk.home(account).transaction() as tx:
            return WallsShown(walls=[_shown(w, account) for w in await store.walls(tx, account.account_id)])

    @api.put("/{wall_id}")
    async def save(wall_id: UUID, form: WallForm, account: Sees) -> WallShown:
        """Save a layout under an id of one's own making; saving again writes over it."""
        await may(account)
        wall = Wall(
            wall_id=wall_id,
            account_id=account.account_id,
            name=form.name.strip(),
            shared=form.shared,
            size=form.size,
            tiles=tuple("" if t is None else str(t) for t in form.tiles),
            saved_at=desk.clock.now(),
        )
        async with desk.home(account).transaction() as tx:
            if not await store.save_wall(tx, wall):
                raise NotFound("you have no such layout")
            if await store.count_walls(tx, account.account_id) > MOST:
                raise Conflict(f"{MOST} layouts at most", detail_ko=f"칸은 {MOST}개까지 저장합니다")
        return _shown(wall, account)

    @api.delete("/{wall_id}", status_code=204)
    async def drop(wall_id: UUID, account: Sees) -> None:
        """Remove one's own layout."""
        await may(account)
        async with desk.home(account).transaction() as tx:
            if not await store.drop_wall(tx, wall_id, account.account_id):
                raise NotFound("you have no such layout")

    return api
