-- What follows from a violation: report, petition, decision, carrying out, contest; who looks after whom; device checks.
-- Every row has its author and its instant; nothing here is made by a machine. What people wrote is sealed.

alter table supervision_wearer add column priors integer not null default 0 check (priors >= 0);
comment on column supervision_wearer.priors is 'Previous convictions as the order names them (EM-10).';

create table supervision_report (
    report_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    alarm_id uuid not null unique references supervision_alarm,
    degree text not null check (degree in ('grave', 'serious', 'ordinary')),
    note text not null,
    reported_at timestamptz not null,
    reported_by uuid not null,
    answer text check (answer in ('petitioned', 'no_petition')),
    answer_why text,
    answered_at timestamptz,
    answered_by uuid,
    check ((answer is null) = (answered_by is null) and (answer is null) = (answered_at is null))
);
comment on table supervision_report is 'An officer to the director, at once, once per violation (EM-03).';
call tenant_table('supervision_report');
create index supervision_report_wearer on supervision_report (wearer_id, reported_at desc);

create table supervision_contest (
    contest_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    alarm_id uuid not null unique references supervision_alarm,
    said text not null,
    contested_at timestamptz not null,
    contested_by uuid not null,
    upheld boolean,
    why text,
    decided_at timestamptz,
    decided_by uuid,
    check ((upheld is null) = (decided_by is null) and (upheld is null) = (decided_at is null))
);
comment on table supervision_contest is 'What a wearer contests; it counts in no petition until decided.';
call tenant_table('supervision_contest');
create index supervision_contest_wearer on supervision_contest (wearer_id);

create table supervision_petition (
    petition_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    asks_months integer not null check (asks_months between 0 and 12),
    asks_conditions text[] not null
        check (asks_conditions <@ array['regular_report', 'night', 'long_distance', 'other']),
    grave integer not null check (grave >= 0),
    serious integer not null check (serious >= 0),
    ordinary integer not null check (ordinary >= 0),
    most_months integer not null check (most_months between 0 and 12),
    risk text not null check (risk in ('low', 'middle', 'high')),
    risk_why text not null,
    reason text not null,
    filed_at timestamptz not null,
    filed_by uuid not null,
    check (asks_months > 0 or asks_conditions <> '{}'),
    check (asks_months <= most_months)
);
comment on column supervision_petition.most_months is
    'What number and degree of violations bear, computed as it was filed (EM-05); no more is asked.';
call tenant_table('supervision_petition');
create index supervision_petition_wearer on supervision_petition (wearer_id, filed_at desc);

create table supervision_petition_alarm (
    petition_id uuid not null references supervision_petition,
    centre_id uuid not null references centre,
    alarm_id uuid not null references supervision_alarm,
    degree text not null check (degree in ('grave', 'serious', 'ordinary')),
    primary key (petition_id, alarm_id)
);
comment on table supervision_petition_alarm is 'The violations that a petition counts.';
call tenant_table('supervision_petition_alarm');

create table supervision_decision (
    decision_id uuid primary key,
    centre_id uuid not null references centre,
    petition_id uuid not null unique references supervision_petition,
    wearer_id uuid not null references supervision_wearer,
    order_id uuid not null,
    outcome text not null check (outcome in ('granted', 'partly', 'rejected')),
    months integer not null check (months between 0 and 12),
    conditions text[] not null check (conditions <@ array['regular_report', 'night', 'long_distance', 'other']),
    words text not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    recorded_by uuid not null,
    carried_out_at timestamptz,
    carried_out_by uuid,
    until_before timestamptz,
    until_after timestamptz,
    check (outcome <> 'rejected' or (months = 0 and conditions = '{}')),
    check ((carried_out_at is null) = (carried_out_by is null))
);
comment on column supervision_decision.order_id is 'The court''s order in the register, confirmed by a second pair of eyes.';
call tenant_table('supervision_decision');
create index supervision_decision_wearer on supervision_decision (wearer_id);

create table supervision_obligation (
    obligation_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    decision_id uuid not null references supervision_decision,
    kind text not null check (kind in ('regular_report', 'night', 'long_distance', 'other')),
    words text not null,
    condition_id uuid references supervision_condition,
    set_at timestamptz not null,
    set_by uuid not null
);
comment on table supervision_obligation is
    'What a decision put on a wearer (EM-04). A night limit is watched by its curfew; what no device watches is kept in words.';
call tenant_table('supervision_obligation');
create index supervision_obligation_wearer on supervision_obligation (wearer_id);

create table supervision_assignment (
    assignment_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    officer uuid not null,
    relation_id uuid not null,
    from_at timestamptz not null,
    made_by uuid not null,
    override_reason text,
    ended_at timestamptz,
    ended_by uuid
);
comment on column supervision_assignment.override_reason is 'Why the caseload limit was overridden (EM-10); null where it was kept.';
call tenant_table('supervision_assignment');
create unique index supervision_assignment_open on supervision_assignment (wearer_id) where ended_at is null;
create index supervision_assignment_officer on supervision_assignment (officer) where ended_at is null;

create table supervision_check (
    check_id uuid primary key,
    centre_id uuid not null references centre,
    device_id uuid not null references supervision_device,
    wearer_id uuid not null references supervision_wearer,
    checked_at timestamptz not null,
    checked_by uuid not null,
    anomaly text check (anomaly in ('strap', 'case', 'battery', 'signal', 'other')),
    note text not null,
    act text check (act in ('replaced', 'repaired', 'visited', 'called')),
    acted_at timestamptz,
    acted_by uuid,
    check (act is null or anomaly is not null),
    check ((act is null) = (acted_by is null))
);
comment on table supervision_check is 'An officer''s check of a wearer''s device, and what was done about an anomaly (EM-11).';
call tenant_table('supervision_check');
create index supervision_check_device on supervision_check (device_id, checked_at desc);
