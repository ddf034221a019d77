-- What cameras alarmed of, what workers reported, what operators found, and what nobody was told of.

create sequence vision_alarm_number;
grant usage on sequence vision_alarm_number to ansimnet_tracking, ansimnet_city;

create table vision_alarm (
    centre_id uuid not null,
    alarm_id uuid primary key,
    code text not null,
    camera_id uuid not null,
    behaviour text not null,
    began_at timestamptz not null,
    last_at timestamptz not null,
    raised_at timestamptz not null,
    score double precision not null,
    probability double precision check (probability between 0 and 1),
    model text not null,
    shadow boolean not null,
    simulated boolean not null,
    held boolean not null,
    priority int not null check (priority between 1 and 4),
    tracks bigint[] not null,
    box double precision[] not null check (cardinality(box) = 4),
    lat double precision not null,
    lon double precision not null,
    exact_place boolean not null,
    evidence jsonb not null,
    reason_ko text not null,
    reason_en text not null,
    reports int not null default 1 check (reports > 0),
    ground_id uuid,
    opened_at timestamptz,
    verdict text check (verdict in ('true', 'false')),
    why text,
    judged_at timestamptz,
    judged_by uuid,
    check ((verdict is null) = (judged_at is null) and (verdict is null) = (judged_by is null)),
    unique (centre_id, code)
);
comment on column vision_alarm.exact_place is 'False: where the camera stands; nobody calibrated it.';
comment on column vision_alarm.opened_at is 'When somebody first had it on a screen: handling time counts from here.';
call tenant_table('vision_alarm');
create index vision_alarm_open on vision_alarm (centre_id, raised_at desc) where verdict is null and not shadow;
create index vision_alarm_event on vision_alarm (centre_id, camera_id, behaviour, last_at desc);
create index vision_alarm_raised on vision_alarm (centre_id, raised_at desc);

create table vision_report (
    centre_id uuid not null,
    report_id uuid primary key,
    alarm_id uuid not null references vision_alarm on delete cascade,
    at timestamptz not null,
    since timestamptz not null,
    received_at timestamptz not null,
    score double precision not null,
    probability double precision,
    worker text not null
);
comment on table vision_report is 'Each report of a worker once, by the id it chose; one that is sent again changes nothing.';
call tenant_table('vision_report');
create index vision_report_alarm on vision_report (alarm_id);
create index vision_report_received on vision_report (centre_id, received_at);

create table vision_miss (
    centre_id uuid not null,
    miss_id uuid primary key,
    camera_id uuid not null,
    behaviour text not null,
    missed_at timestamptz not null,
    reported_at timestamptz not null,
    reported_by uuid not null
);
comment on table vision_miss is 'Events that people saw and no alarm told.';
call tenant_table('vision_miss');
create index vision_miss_camera on vision_miss (centre_id, camera_id, missed_at desc);

create table vision_seat (
    centre_id uuid not null,
    account_id uuid primary key,
    seen_at timestamptz not null
);
comment on table vision_seat is 'Which operators look at the alarms now: the budget is theirs together.';
call tenant_table('vision_seat');

create table vision_verdict (
    centre_id uuid not null,
    alarm_id uuid primary key,
    camera_id uuid not null,
    behaviour text not null,
    model text not null,
    shadow boolean not null,
    score double precision not null,
    probability double precision,
    verdict text not null check (verdict in ('true', 'false')),
    why text,
    raised_at timestamptz not null,
    handling_s double precision not null check (handling_s >= 0),
    judged_at timestamptz not null
);
comment on table vision_verdict is 'What tuning learns from: numbers alone, nobody in them, so they outlive the alarm.';
call tenant_table('vision_verdict');
create index vision_verdict_camera on vision_verdict (centre_id, camera_id, behaviour, judged_at desc);
