"""The watch issued to a protected person, without a screen: one button, by its own key, kept until it is taken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from ansimnet.kernel.clock import now

AGAIN_S = 1.0
"""Between two tries; a press is not given up."""


@dataclass(slots=True)
class Watch:
    """One watch."""

    base_url: str
    key: str
    pressed: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When it was pressed, and when the centre had it."""
    failures: int = 0

    async def press(self) -> None:
        """Press the button; return once the centre has committed it."""
        at = now()
        head = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
            while True:
                try:
                    answer = await http.post(f"{self.base_url}/ingest/press", headers=head)
                    if answer.status_code < 500:
                        answer.raise_for_status()
                        self.pressed.append((at, now()))
                        return
                except httpx.TransportError:
                    pass
                self.failures += 1
                await asyncio.sleep(AGAIN_S)
