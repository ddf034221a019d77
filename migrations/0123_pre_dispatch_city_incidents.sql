-- Incidents of the city: what an operator confirmed of the cameras' alarms. No wearer, no protected person, no order.

create sequence dispatch_city_number;
grant usage on sequence dispatch_city_number to ansimnet_tracking, ansimnet_city;

create table dispatch_city_incident (
    centre_id uuid not null,
    incident_id uuid primary key,
    code text not null,
    behaviour text not null,
    priority int not null check (priority between 1 and 4),
    camera_id uuid not null,
    lat double precision not null,
    lon double precision not null,
    simulated boolean not null,
    state text not null check (state in ('open', 'closed', 'taken_back')),
    opened_at timestamptz not null,
    opened_by uuid not null,
    called text check (called in ('112', '119', 'nobody')),
    called_at timestamptz,
    called_by uuid,
    closed_at timestamptz,
    closed_by uuid,
    outcome text,
    unique (centre_id, code)
);
call tenant_table('dispatch_city_incident');
create index dispatch_city_incident_open on dispatch_city_incident (centre_id, priority, opened_at desc)
    where state = 'open';

create table dispatch_city_alarm (
    centre_id uuid not null,
    alarm_id uuid primary key,
    incident_id uuid not null references dispatch_city_incident,
    confirmed_at timestamptz not null,
    cleared_at timestamptz
);
comment on table dispatch_city_alarm is 'Alarms of one place and time are one incident; another verdict takes one back.';
call tenant_table('dispatch_city_alarm');
create index dispatch_city_alarm_incident on dispatch_city_alarm (incident_id);

create table dispatch_city_event (
    centre_id uuid not null,
    event_id uuid primary key,
    incident_id uuid not null references dispatch_city_incident,
    at timestamptz not null,
    kind text not null,
    text_ko text not null,
    text_en text not null,
    note_sealed bytea
);
comment on column dispatch_city_event.note_sealed is 'What a person typed, under the key of the incident.';
call tenant_table('dispatch_city_event');
create index dispatch_city_event_incident on dispatch_city_event (incident_id, at);
