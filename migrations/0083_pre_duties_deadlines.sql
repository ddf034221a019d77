-- The one deadline engine: what a centre changed of the rules, and every duty ever opened.

create table duties_rule (
    centre_id uuid not null,
    rule text not null check (length(rule) between 2 and 64),
    from_at timestamptz not null,
    limit_count integer not null check (limit_count > 0),
    limit_unit text not null check (limit_unit in ('minute', 'hour', 'day', 'month', 'quarter', 'year')),
    role text not null,
    clause text not null,
    decided_by uuid not null,
    decided_at timestamptz not null check (decided_at < from_at),
    primary key (centre_id, rule, from_at)
);
comment on table duties_rule is 'A centre''s own limit or answering role for a rule, from an instant on. Rows are never changed.';
call tenant_table('duties_rule');
revoke update, delete on duties_rule from ansimnet_tracking, ansimnet_city;

create table duties_duty (
    duty_id uuid primary key,
    centre_id uuid not null,
    rule text not null,
    about uuid not null,
    role text not null,
    clause text not null,
    started_at timestamptz not null,
    due_at timestamptz not null check (due_at >= started_at),
    met_at timestamptz,
    met_by uuid,
    lapsed_at timestamptz,
    lapsed_why text,
    breached_at timestamptz,
    check (lapsed_at is null or met_at is null)
);
comment on column duties_duty.breached_at is 'When the breach was told, once; it lies within a minute of due_at.';
call tenant_table('duties_duty');
revoke delete on duties_duty from ansimnet_tracking, ansimnet_city;
create index duties_duty_waiting on duties_duty (centre_id, due_at)
    where met_at is null and lapsed_at is null and breached_at is null;
create index duties_duty_owed on duties_duty (centre_id, rule, about) where met_at is null and lapsed_at is null;
create index duties_duty_about on duties_duty (centre_id, about);
