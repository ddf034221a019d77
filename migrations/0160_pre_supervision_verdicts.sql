-- What the room said of an alarm while it handled it: real, or false. No finding of a violation, which is an officer's own.

alter table supervision_alarm
    add column verdict text check (verdict in ('true', 'false')),
    add column verdict_at timestamptz,
    add column verdict_by uuid,
    add check ((verdict is null) = (verdict_at is null) and (verdict is null) = (verdict_by is null));
comment on column supervision_alarm.verdict is 'The latest verdict of whoever handles alarms; every one is on the ledger.';
