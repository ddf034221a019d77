"""A unit's phone without a screen: takes the order, drives there, says each step, reports where it is."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime

from ansimnet.kernel.clock import now
from ansimnet.kernel.geo import Point
from ansimnet_sim.city import City
from ansimnet_sim.clients.api import Api, ApiRefused, Json
from ansimnet_sim.people import Actor, drive_line

DRIVE_MPS = 9.0
"""About 32 km/h: a patrol car through lanes at night."""
ARRIVED_M = 30.0


@dataclass(slots=True)
class UnitPhone:
    """One unit. Its car is drawn in the pictures because it moves an actor of the story."""

    base_url: str
    code: str
    city: City
    actor: Actor
    started_at: datetime
    api: Api = field(init=False)
    steps: list[tuple[datetime, str]] = field(default_factory=list)
    says_over: bool = True
    over_after_s: float = 4.0
    """How long it is on scene before it says the danger is over."""
    drive_mps: float = DRIVE_MPS
    halt: bool = False
    """Set to make it stay where it is."""

    def __post_init__(self) -> None:
        self.api = Api(self.base_url)

    def _t(self) -> float:
        return (now() - self.started_at).total_seconds()

    async def enrol(self) -> None:
        """Open the unit's session."""
        await self.api.enrol("unit", self.code)

    async def run(self) -> None:
        """Report the place each second and follow orders until cancelled."""
        on_scene_since: float | None = None
        target: tuple[float, float] | None = None
        try:
            while True:
                try:
                    pose = self.actor.at(self._t())
                    here = self.city.point((pose.x, pose.y))
                    await self.api.post("/api/v1/unit/position", {"lat": here.lat, "lon": here.lon})
                    order = (await self.api.get("/api/v1/unit/order")).get("order")
                    if order:
                        target, on_scene_since = await self._follow(order, target, on_scene_since)
                except (ApiRefused, OSError):
                    pass  # the page retries, so does this one
                await asyncio.sleep(1.0)
        finally:
            await self.api.client.aclose()

    async def _follow(
        self, order: Json, target: tuple[float, float] | None, since: float | None
    ) -> tuple[tuple[float, float] | None, float | None]:
        state = str(order.get("state"))
        step = {"sent": "received", "received": "read", "read": "accepted"}.get(state)
        if step:
            await self._say(order, step)
        subject = order.get("subject") or {}
        if state == "over" or "lat" not in subject:
            return target, since
        goal = self.city.plane.to_xy(Point(float(subject["lat"]), float(subject["lon"])))
        pose = self.actor.at(self._t())
        if math.dist((pose.x, pose.y), goal) <= ARRIVED_M or since is not None:
            if since is None:
                await self._say(order, "on_scene")
                return target, self._t()
            if self.says_over and self._t() - since > self.over_after_s and state != "over":
                await self._say(order, "over")
            return target, since
        if not self.halt and (target is None or math.dist(target, goal) > 20.0):
            self._drive(goal)
            target = goal
        return target, since

    def _drive(self, goal: tuple[float, float]) -> None:
        pose, net = self.actor.at(self._t()), self.city.net
        start = net.nearest_node(pose.x, pose.y)
        way = net.way(start, net.nearest_node(*goal, joined_to=start), cost=lambda s: s.length_m, cars=True)
        line = drive_line(self.city, way) if len(way) > 1 else (net.nodes[way[0]],)
        self.actor.divert(self._t(), (*line, goal), self.drive_mps)

    async def _say(self, order: Json, step: str) -> None:
        await self.api.post(f"/api/v1/unit/orders/{order['order_id']}/{step}")
        self.steps.append((now(), step))
