-- What each camera can sense, how it fares by its own pictures, its repair tickets and reports; restricted places.

alter table camera add column senses text[] not null default '{day}'
    check (senses <@ array['day', 'night', 'sound', 'heat']);
comment on column camera.senses is 'What it can sense. What is not listed here is never reported as covered.';

create table camera_restriction (
    centre_id uuid not null,
    restriction_id uuid primary key,
    name text not null check (length(name) between 1 and 100),
    clause text not null check (length(clause) between 1 and 200),
    lat double precision not null check (lat between -90 and 90),
    lon double precision not null check (lon between -180 and 180),
    radius_m real not null check (radius_m between 5 and 500),
    owner text not null check (length(owner) between 1 and 100),
    close_by date not null,
    noted_by uuid not null,
    noted_at timestamptz not null,
    ended_at timestamptz
);
comment on table camera_restriction is 'Places where no camera may be put. Who looks in from nearby is computed, never kept.';
comment on column camera_restriction.owner is 'The seat or office that answers for the gap while nobody looks in.';
call tenant_table('camera_restriction');

create table footage_inspection (
    centre_id uuid not null,
    camera_id uuid not null,
    since_at timestamptz not null,
    view_since timestamptz not null,
    primary key (centre_id, camera_id)
);
comment on table footage_inspection is 'Cameras whose inspection is owed, since when; what their view shows is learnt anew from view_since on.';
call tenant_table('footage_inspection');

create table footage_reference (
    centre_id uuid not null,
    camera_id uuid not null,
    light text not null check (light in ('day', 'night')),
    edges bytea not null check (octet_length(edges) = 3600),
    sharpness real not null,
    brightness real not null,
    detail real not null,
    calm real not null,
    quiet real not null,
    readings int not null check (readings > 0),
    kept_at timestamptz not null,
    primary key (centre_id, camera_id, light)
);
comment on column footage_reference.edges is
    'Contrast averaged over hours, one byte for each of 45 x 80 cells: no person is in it, no picture can be made of it.';
call tenant_table('footage_reference');

create table footage_measure (
    centre_id uuid not null,
    camera_id uuid not null,
    hour_at timestamptz not null,
    light text not null check (light in ('day', 'twilight', 'night')),
    samples int not null check (samples > 0),
    compared int not null check (compared between 0 and samples),
    brightness real not null,
    noise real,
    sharp real,
    kept real,
    alike real,
    clock_s real,
    primary key (centre_id, camera_id, hour_at, light)
);
comment on table footage_measure is
    'Means over an hour of one light. sharp, kept and alike are shares of the reference, over `compared` readings.';
comment on column footage_measure.clock_s is 'The camera''s clock minus ours: the value farthest from zero.';
call tenant_table('footage_measure');
create index footage_measure_hour on footage_measure (centre_id, hour_at);

create table footage_ticket (
    centre_id uuid not null,
    ticket_id uuid primary key,
    camera_id uuid not null,
    defect text not null,
    seen_at timestamptz not null,
    opened_at timestamptz not null,
    value real not null,
    allowed real not null,
    closed_at timestamptz,
    closing_value real,
    check ((closed_at is null) = (closing_value is null)),
    check (closed_at >= opened_at)
);
comment on column footage_ticket.closing_value is 'What was measured when it passed; nothing else closes a ticket.';
call tenant_table('footage_ticket');
revoke delete on footage_ticket from ansimnet_tracking, ansimnet_city;
create unique index footage_ticket_open on footage_ticket (centre_id, camera_id, defect) where closed_at is null;
create index footage_ticket_camera on footage_ticket (centre_id, camera_id, opened_at);

create table footage_ticket_action (
    centre_id uuid not null,
    ticket_id uuid not null references footage_ticket,
    acted_at timestamptz not null,
    action text not null check (action in ('visited', 'cleaned', 'aimed', 'cleared', 'mended', 'replaced', 'new_view')),
    by_account uuid not null,
    primary key (centre_id, ticket_id, acted_at)
);
call tenant_table('footage_ticket_action');
revoke update, delete on footage_ticket_action from ansimnet_tracking, ansimnet_city;

create table footage_report (
    centre_id uuid not null,
    report_id uuid primary key,
    camera_id uuid not null,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    checks jsonb not null,
    passed boolean not null
);
comment on column footage_report.checks is 'Name, value, limit, unit and outcome of each check: computed from measurements, typed by nobody.';
call tenant_table('footage_report');
revoke update, delete on footage_report from ansimnet_tracking, ansimnet_city;
create index footage_report_camera on footage_report (centre_id, camera_id, until_at);
