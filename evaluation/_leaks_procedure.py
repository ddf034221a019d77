"""What would lie on a director's and a court's desk by now: reports, a contest, petitions, a decision, a check.

Every wearer who broke a condition is at another step: 1 is reported to the director, 3 waits for the court with the
court's own order, 2 waits for the officer to carry a decision out and contests what was found. What 3 did a month
before was confirmed, and nobody has reported it.
"""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

from evaluation._leaks_forms import COURT, decision, petition
from evaluation._leaks_permits import account_of
from evaluation._leaks_world import CLOSED, EXPIRED, LIVE, Stage, World

from ansimnet.kernel.clock import KST, now
from ansimnet.kernel.ids import new_id
from ansimnet.slices.policy import queries as policy


class Procedure:
    """Takes the steps that follow from a violation."""

    def __init__(self, stage: Stage, world: World) -> None:
        self.stage = stage
        self.world = world

    async def take(self) -> None:
        """Take every step."""
        w, do = self.world, self.stage.do
        for k in (LIVE, CLOSED, EXPIRED):
            await self._report(k)
        for k in (CLOSED, EXPIRED):
            await self._petition(k)
        await self._older(EXPIRED)
        him, alarm = w.actor(f"wearer{CLOSED}"), w.ids["alarm_id"][f"wearer{CLOSED}"]
        said = {"said": w.mark(f"QSAID{CLOSED}", "wearer", CLOSED, "contest")}
        made = await do(him, "POST", f"/api/v1/me/supervision/alarms/{alarm}/contest", said)
        w.know("contest_id", f"wearer{CLOSED}", made["id"])
        await self._decide(CLOSED)
        device = w.ids["device_id"][f"wearer{LIVE}"]
        seen = {"anomaly": "battery", "note": w.mark(f"QCHECK{LIVE}", "wearer", LIVE, "check")}
        officer = w.actor("probation_officer@tracking")
        charge = {
            "offence": "other",
            "committed_on": str(now().astimezone(KST).date()),
            "case_number": w.mark(f"QCASE{LIVE}", "wearer", LIVE, "case"),
        }
        await do(officer, "POST", f"/api/v1/wearers/{w.ids['wearer_id'][f'wearer{LIVE}']}/offences", charge)
        made = await do(officer, "POST", f"/api/v1/devices/{device}/checks", seen)
        w.know("check_id", f"wearer{LIVE}", made["id"])

    async def _report(self, k: int) -> None:
        w, do, officer = self.world, self.stage.do, self.world.actor("probation_officer@tracking")
        here = f"/api/v1/alarms/{w.ids['alarm_id'][f'wearer{k}']}"
        await do(officer, "POST", f"{here}/finding", {"finding": "confirmed"})
        note = {"note": w.mark(f"QREPORT{k}", "wearer", k, "report")}
        made = await do(officer, "POST", f"{here}/report", note)
        w.know("report_id", f"wearer{k}", made["id"])

    async def _older(self, k: int) -> None:
        """File a confirmed violation of a month before, which is over: the first one's again, under its own id."""
        w, older = self.world, str(new_id())
        a_month = timedelta(days=30)
        async with self.stage.dbs.tracking.transaction() as tx:
            await tx.execute(
                """insert into supervision_alarm select (jsonb_populate_record(a, jsonb_build_object(
                       'alarm_id', %s::text, 'state', 'closed', 'incident_id', null, 'seen_at', a.seen_at - %s,
                       'raised_at', a.raised_at - %s, 'closed_at', a.raised_at - %s + interval '1 hour'))).*
                   from supervision_alarm a where alarm_id = %s""",
                (older, a_month, a_month, a_month, w.ids["alarm_id"][f"wearer{k}"]),
            )
        w.know("alarm_id", f"unreported{k}", older)

    async def _petition(self, k: int) -> None:
        w, director = self.world, self.world.actor("office_director@tracking")
        form = petition(w, random.Random(k)) | {"reason": w.mark(f"QPETITION{k}", "wearer", k, "petition")}
        made = await self.stage.do(
            director, "POST", f"/api/v1/wearers/{w.ids['wearer_id'][f'wearer{k}']}/petitions", form
        )
        w.know("petition_id", f"wearer{k}", made["petition_id"])
        w.know("order_id", f"{COURT}{k}", await self._order(k))

    async def _order(self, k: int) -> UUID:
        """Return a court's order about a wearer, registered by one and confirmed by another."""
        w, db, now = self.world, self.stage.dbs.tracking, self.stage.clock.now()
        registrar, clerk = [await account_of(db, f"{r}-tracking") for r in ("office-director", "court-clerk")]
        async with db.transaction() as tx:
            order = await policy.register_order(
                tx, registrar, issuer="court", number=f"2026-COURT{k}", statute="CRIM-PROC 215",
                opens=["record_decision"], resources=[UUID(w.ids["wearer_id"][f"wearer{k}"])], from_at=now,
                until_at=now + timedelta(days=30), reason="petition", now=now,
            )  # fmt: skip
            await policy.confirm_order(tx, clerk, order.order_id, now)
        return order.order_id

    async def _decide(self, k: int) -> None:
        w, clerk = self.world, self.world.actor("court_clerk@tracking")
        rng = random.Random(k)
        here = f"/api/v1/supervision/petitions/{w.ids['petition_id'][f'wearer{k}']}/decision"
        words = w.mark(f"QDECIDED{k}", "wearer", k, "decision")
        form = decision(w, rng, k) | {"decided_at": str(self.stage.clock.now()), "words": words}
        made = await self.stage.do(clerk, "POST", here, form)
        w.know("decision_id", f"wearer{k}", made["id"])
