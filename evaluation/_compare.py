"""What `durability` compares: acknowledged ids and the script's truth against the tables, by raw SQL as superuser.

Nothing here goes through the product's own queries, roles or row security. Every finding has a name, so that a planted
one can be recognised among them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(slots=True)
class Acknowledged:
    """What the load process wrote down, synced, before it went on."""

    ids: list[str] = field(default_factory=list)
    batches: int = 0
    refused: int = 0
    sent_again: int = 0
    told_before: int = 0
    """Fixes whose first acknowledgement was lost: stored, told `duplicate` at the next attempt."""
    spans: list[tuple[float, float]] = field(default_factory=list)
    """Per message: when its first attempt that was answered left, and when the answer came; monotonic seconds."""
    unanswered: list[tuple[float, float]] = field(default_factory=list)
    """Each attempt that was under way and never answered: when it left, and when its end was seen."""
    by_door: Counter[str] = field(default_factory=Counter)
    """Messages by the way they came: a makers' batches (json), devices' own requests (osmand) and packets (mqtt)."""

    @classmethod
    def read(cls, file: Path) -> Acknowledged:
        """Read the load's file; a line cut by a crash of the load itself was never acknowledged to anybody."""
        out = cls()
        for raw in file.read_bytes().split(b"\n")[:-1]:
            line = json.loads(raw)
            out.ids += line["ids"]
            out.batches += 1
            out.refused += len(line["refused"])
            out.sent_again += len(line["unanswered"])
            out.unanswered += [(float(a), float(b)) for a, b in line["unanswered"]]
            out.by_door[line["door"]] += 1
            out.told_before += int(line["receipt"]["duplicate"])
            out.spans.append((float(line["sent"]), float(line["acknowledged"])))
        return out


@dataclass(slots=True)
class Compared:
    """Findings by name. Empty sets are what a run must show."""

    lost: set[str] = field(default_factory=set)
    duplicated: set[str] = field(default_factory=set)
    alarms_missing: set[str] = field(default_factory=set)
    alarms_found: int = 0
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def findings(self) -> set[str]:
        """Every finding."""
        return self.lost | self.duplicated | self.alarms_missing


TWICE: dict[str, LiteralString] = {
    # a device says one thing of one instant; the same instant twice is the same fix stored twice
    "fix": """select d.name || ' ' || f.seen_at::text from supervision_fix f join supervision_device d using (device_id)
        group by d.name, f.seen_at having count(*) > 1""",
    "alarm-told": """select convert_from(body, 'utf8')::jsonb->>'alarm_id' from ledger_entry
        where kind = 'supervision.alarm.raised.v1' group by 1 having count(*) > 1""",
    "trigger-told": """select convert_from(body, 'utf8')::jsonb->>'alarm_id' from ledger_entry
        where kind = 'supervision.trigger.confirmed.v1' group by 1 having count(*) > 1""",
    "incident-of-alarm": """select convert_from(body, 'utf8')::jsonb->>'alarm_id' from ledger_entry
        where kind in ('dispatch.incident.opened.v1', 'dispatch.alarm.merged.v1') group by 1 having count(*) > 1""",
    "running-incident-of-wearer": """select wearer_id::text from dispatch_incident where state in ('open', 'resolved')
        group by wearer_id having count(*) > 1""",
    "police-asked": """select convert_from(body, 'utf8')::jsonb->>'incident_id' from ledger_entry
        where kind = 'dispatch.police.asked.v1' group by 1 having count(*) > 1""",
    "order-drafted": """select convert_from(body, 'utf8')::jsonb->>'incident_id' from ledger_entry
        where kind = 'dispatch.order.drafted.v1' group by 1 having count(*) > 1""",
    "provision-asked": """select convert_from(body, 'utf8')::jsonb->>'alarm_id' from ledger_entry
        where kind = 'footage.provision.requested.v1' and actor not like 'link:%' group by 1 having count(*) > 1""",
    "provision-given": """select convert_from(body, 'utf8')::jsonb->>'provision_id' from ledger_entry
        where kind = 'footage.provision.given.v1' and actor not like 'link:%' group by 1 having count(*) > 1""",
    "crossed-the-link": """select centre_id::text || ' ' || (convert_from(body, 'utf8')::jsonb->>'fact_id')
        from ledger_entry where actor like 'link:%'
        group by centre_id, convert_from(body, 'utf8')::jsonb->>'fact_id' having count(*) > 1""",
    "sealed": "select entry_id::text from ledger_seal group by entry_id having count(*) > 1",
    "taken-by-reader": """select centre_id::text || ' ' || seq::text from evaluation_taken
        group by centre_id, seq having count(*) > 1""",
}
"""What may stand only once, and how to find what stands twice."""

MISSING: dict[str, LiteralString] = {
    "never-sealed": """select e.entry_id::text from ledger_entry e left join ledger_seal s using (entry_id)
        where s.entry_id is null""",
    "never-taken-by-reader": """select s.centre_id::text || ' ' || s.seq::text from ledger_seal s
        left join evaluation_taken t on t.centre_id = s.centre_id and t.seq = s.seq where t.seq is null""",
    "alarm-without-incident": """select a.alarm_id::text from supervision_alarm a
        left join dispatch_alarm d using (alarm_id) where d.alarm_id is null""",
    "trigger-without-request": """select a.alarm_id::text from supervision_alarm a where a.confirmed_at is not null
        and not exists (select 1 from ledger_entry e where e.kind = 'footage.provision.requested.v1'
            and e.actor not like 'link:%' and convert_from(e.body, 'utf8')::jsonb->>'alarm_id' = a.alarm_id::text)""",
    "request-never-crossed": """select convert_from(e.body, 'utf8')::jsonb->>'fact_id' from ledger_entry e
        where e.kind = 'footage.provision.requested.v1' and e.actor not like 'link:%' and not exists (
            select 1 from ledger_entry r where r.kind = e.kind and r.actor like 'link:%'
            and convert_from(r.body, 'utf8')::jsonb->>'fact_id' = convert_from(e.body, 'utf8')::jsonb->>'fact_id')""",
    "parked": "select reader || ' ' || seq::text || ' ' || error from reader_parked",
}
"""What a crash may not swallow on its way through readers, jobs and the link."""


def compare(url: str, acknowledged: Iterable[str], expected: dict[str, int]) -> Compared:
    """Compare a database with what was acknowledged and with the script: alarms expected per device name."""
    out = Compared()
    with psycopg.connect(url, autocommit=True) as conn:
        stored = _stored(conn)
        out.lost = {f"fix {i}" for i in set(acknowledged) - stored.keys()}
        for what, query in MISSING.items():
            out.lost |= {f"{what} {row[0]}" for row in conn.execute(query)}
        for what, query in TWICE.items():
            out.duplicated |= {f"{what} {row[0]}" for row in conn.execute(query)}
        _alarms(conn, expected, out)
        out.figures = _figures(conn) | {"fixes": sum(stored.values())}
    return out


def _stored(conn: Connection) -> Counter[str]:
    """Return how often each fix is stored, named as the load names it: device and instant."""
    rows = conn.execute(
        "select d.name, f.seen_at at time zone 'UTC' from supervision_fix f join supervision_device d using (device_id)"
    )
    return Counter(f"{name} {seen.isoformat()}+00:00" for name, seen in rows)


def _alarms(conn: Connection, expected: dict[str, int], out: Compared) -> None:
    """Compare alarms with the episodes of the script, one for one."""
    rows = conn.execute(
        "select d.name, count(*), count(*) filter (where a.confirmed_at is not null and a.cleared_at is not null)"
        " from supervision_alarm a join supervision_device d using (device_id) group by d.name"
    )
    found = {name: (total, whole) for name, total, whole in rows}
    for device, count in expected.items():
        total, whole = found.get(device, (0, 0))
        out.alarms_found += total
        if total > count:
            out.duplicated.add(f"alarm {device}: {total} for {count} episodes")
        if whole < count:
            out.alarms_missing.add(f"alarm {device}: {whole} of {count} confirmed and taken back")


def _figures(conn: Connection) -> dict[str, int]:
    named: dict[str, LiteralString] = {
        "facts": "select count(*) from ledger_entry",
        "facts_over_the_link": "select count(*) from ledger_entry where actor like 'link:%'",
        "taken_by_readers": "select count(*) from evaluation_taken",
        "incidents": "select count(*) from dispatch_incident",
    }
    out = {}
    for name, query in named.items():
        row = conn.execute(query).fetchone()
        assert row is not None
        out[name] = int(row[0])
    return out
