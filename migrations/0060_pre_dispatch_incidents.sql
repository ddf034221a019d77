-- Incidents of the tracking centre: one per situation, its steps, checklist, units, orders. What people typed is sealed.

create sequence dispatch_incident_number;
grant usage on sequence dispatch_incident_number to ansimnet_tracking, ansimnet_city;

create table dispatch_incident (
    centre_id uuid not null,
    incident_id uuid primary key,
    code text not null,
    wearer_id uuid,
    protected_person_id uuid,
    trigger text not null check (trigger in ('tamper', 'curfew', 'exclusion_zone', 'approach')),
    medical text not null check (medical in ('none', 'advance', 'after')),
    certain boolean not null,
    state text not null check (state in ('open', 'resolved', 'closed', 'taken_back')),
    opened_at timestamptz not null,
    certain_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    resolved_at timestamptz,
    closed_at timestamptz,
    closed_by uuid,
    outcome text,
    concurred_at timestamptz,
    concurred_by uuid,
    commander uuid,
    unique (centre_id, code)
);
comment on column dispatch_incident.commander is 'The account that leads it; hand-over changes it.';
call tenant_table('dispatch_incident');
create unique index dispatch_incident_wearer on dispatch_incident (centre_id, wearer_id)
    where state in ('open', 'resolved');

create table dispatch_alarm (
    centre_id uuid not null,
    alarm_id uuid primary key,
    incident_id uuid not null references dispatch_incident,
    trigger text not null,
    certain boolean not null,
    raised_at timestamptz not null,
    cleared_at timestamptz
);
call tenant_table('dispatch_alarm');
create index dispatch_alarm_incident on dispatch_alarm (incident_id);

create table dispatch_step (
    centre_id uuid not null,
    incident_id uuid not null references dispatch_incident,
    step int not null check (step between 1 and 4),
    reached_at timestamptz not null,
    primary key (incident_id, step)
);
comment on table dispatch_step is 'The four steps of the scenario (EM-17); elapsed times count from step 1.';
call tenant_table('dispatch_step');

create table dispatch_event (
    centre_id uuid not null,
    event_id uuid primary key,
    incident_id uuid not null references dispatch_incident,
    at timestamptz not null,
    kind text not null,
    icon text not null check (icon in ('alarm', 'ours', 'safe', 'info', 'doubt')),
    text_ko text not null,
    text_en text not null,
    note_sealed bytea
);
comment on column dispatch_event.text_ko is 'Codes, times and measures only; what a person typed stands in note_sealed.';
call tenant_table('dispatch_event');
create index dispatch_event_incident on dispatch_event (incident_id, at);

create table dispatch_checklist (
    centre_id uuid not null,
    incident_id uuid not null references dispatch_incident,
    item text not null,
    required boolean not null,
    done_at timestamptz,
    done_by uuid,
    primary key (incident_id, item)
);
call tenant_table('dispatch_checklist');

create table dispatch_unit (
    centre_id uuid not null,
    unit_id uuid primary key,
    name text not null,
    agency text not null check (agency in ('112', 'probation')),
    office text not null,
    lat double precision not null,
    lon double precision not null,
    seen_at timestamptz not null,
    incident_id uuid references dispatch_incident,
    unique (centre_id, name)
);
call tenant_table('dispatch_unit');

create table dispatch_assignment (
    centre_id uuid not null,
    incident_id uuid not null references dispatch_incident,
    unit_id uuid not null references dispatch_unit,
    eta_s real,
    added_at timestamptz not null,
    added_by uuid,
    primary key (incident_id, unit_id)
);
call tenant_table('dispatch_assignment');

create table dispatch_order (
    centre_id uuid not null,
    order_id uuid primary key,
    incident_id uuid not null references dispatch_incident,
    unit_id uuid references dispatch_unit,
    office text not null,
    text_sealed bytea not null,
    state text not null check (state in ('draft', 'sent', 'received', 'read', 'accepted', 'on_scene', 'over')),
    drafted_at timestamptz not null,
    sent_at timestamptz,
    sent_by uuid,
    received_at timestamptz,
    read_at timestamptz,
    accepted_at timestamptz,
    on_scene_at timestamptz,
    over_at timestamptz
);
call tenant_table('dispatch_order');
create index dispatch_order_incident on dispatch_order (incident_id);

create table dispatch_police (
    centre_id uuid not null,
    incident_id uuid primary key references dispatch_incident,
    asked_at timestamptz not null,
    acknowledged_at timestamptz,
    failed_at timestamptz,
    receipt text
);
call tenant_table('dispatch_police');

create table dispatch_provision (
    centre_id uuid not null,
    provision_id uuid primary key,
    incident_id uuid references dispatch_incident,
    alarm_id uuid not null,
    state text not null check (state in ('requested', 'given', 'refused', 'ended'))
);
call tenant_table('dispatch_provision');

create table dispatch_warning (
    centre_id uuid not null,
    warning_id uuid primary key,
    incident_id uuid not null references dispatch_incident,
    level text not null,
    issued_at timestamptz not null,
    acknowledged_at timestamptz
);
call tenant_table('dispatch_warning');
