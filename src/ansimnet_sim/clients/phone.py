"""The victim's phone without a screen: enrols by code, listens, acknowledges, walks the way it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ansimnet.kernel.clock import now
from ansimnet_sim.clients.api import Api, ApiRefused, Json
from ansimnet_sim.webpush import Subscription, unb64

ALERT = "protection.warning.issued.v1"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it arrived."""

    at: datetime
    level: str
    body: Json
    channel: str
    """live or asked."""

    @property
    def way_out(self) -> list[tuple[float, float]]:
        """Return the line of the way out, latitude and longitude; empty when none was found."""
        way = self.body.get("way_out") or {}
        return [(float(a), float(b)) for a, b in way.get("line") or []] if way.get("found") else []


@dataclass(slots=True)
class Phone:
    """One phone. `walk` is told the way out once the alert is acknowledged."""

    base_url: str
    code: str
    api: Api = field(init=False)
    alerts: list[Alert] = field(default_factory=list)
    states: list[tuple[datetime, str]] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    acknowledge_after_s: float | None = 1.0
    """None: nobody presses."""
    walk: Callable[[list[tuple[float, float]]], None] | None = None
    subscription: Subscription | None = None
    got_alert: asyncio.Event = field(default_factory=asyncio.Event)
    _jobs: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.api = Api(self.base_url)

    async def enrol(self, subscription: Subscription | None = None) -> None:
        """Open the phone's session and, if given, hand in a push subscription bound to the server's key."""
        await self.api.enrol("phone", self.code)
        if subscription is not None:
            key = await self.api.get("/api/v1/push-key")
            subscription.server_key = unb64(str(key["public_key"]))
            await self.api.post("/api/v1/me/push-subscription", subscription.body())
            self.subscription = subscription
        self._note(await self.api.get("/api/v1/me"))

    def _note(self, me: Json) -> None:
        state = str(me.get("state", ""))
        if state and (not self.states or self.states[-1][1] != state):
            self.states.append((now(), state))

    async def run(self) -> None:
        """Listen until cancelled: the live socket for alerts, the page's own question for states."""
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                await asyncio.sleep(1.0)
                try:
                    me = await self.api.get("/api/v1/me")
                except (ApiRefused, OSError):
                    continue
                self._note(me)
                if me.get("alert"):
                    self._take(me["alert"], "asked")
        finally:
            listener.cancel()
            await asyncio.gather(listener, *self._jobs, return_exceptions=True)
            await self.api.client.aclose()

    async def _listen(self) -> None:
        async for message in self.api.live():
            if message.kind == ALERT and isinstance(message.data.get("alert"), dict):
                self._take(message.data["alert"], "live")

    def _take(self, body: Json, channel: str) -> None:
        warning, level = str(body.get("warning_id")), str(body.get("level"))
        if any(str(a.body.get("warning_id")) == warning and a.level == level for a in self.alerts):
            return
        alert = Alert(now(), level, body, channel)
        self.alerts.append(alert)
        self.got_alert.set()
        if self.acknowledge_after_s is not None:
            job = asyncio.create_task(self._answer(alert, warning, self.acknowledge_after_s))
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    async def _answer(self, alert: Alert, warning: str, after_s: float) -> None:
        """Read for a moment, say *I see it*, and go once the danger is certain (before it, the page says: be ready)."""
        await asyncio.sleep(after_s)
        if warning not in self.acknowledged:
            self.acknowledged.append(warning)
            await self.api.post(f"/api/v1/me/warnings/{warning}/acknowledge")
        if self.walk is not None and alert.level == "certain" and alert.way_out:
            self.walk(alert.way_out)
