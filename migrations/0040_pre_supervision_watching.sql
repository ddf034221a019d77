-- Supervision: wearers, devices, fixes, conditions, what the rules remember, alarms and notices.
-- Places are WGS 84 degrees, lengths metres, speeds m/s, courses degrees clockwise from north, times UTC.

create table supervision_wearer (
    wearer_id uuid primary key,
    centre_id uuid not null references centre,
    code text not null check (code <> ''),
    offence text not null check (offence in
        ('sexual_violence', 'minor_abduction', 'robbery_murder', 'specified_violent')),
    office text not null,
    order_number text not null,
    order_from_at timestamptz not null,
    order_until_at timestamptz not null check (order_until_at > order_from_at),
    registered_at timestamptz not null,
    unique (centre_id, code)
);
comment on column supervision_wearer.offence is 'EM-01: the four offences that allow a device; there is no fifth.';
call tenant_table('supervision_wearer');

create table supervision_protected (
    protected_person_id uuid primary key,
    centre_id uuid not null references centre,
    code text,
    place_lat double precision check (place_lat between -90 and 90),
    place_lon double precision check (place_lon between -180 and 180),
    check ((place_lat is null) = (place_lon is null))
);
comment on table supervision_protected is
    'The protected persons whose devices report here. The person is the protection slice''s; place is her registered one.';
call tenant_table('supervision_protected');

create table supervision_device (
    device_id uuid primary key,
    centre_id uuid not null references centre,
    name text not null check (name <> ''),
    wearer_id uuid references supervision_wearer,
    protected_person_id uuid references supervision_protected,
    key_sha256 bytea not null unique check (octet_length(key_sha256) = 32),
    bound_at timestamptz not null,
    battery double precision check (battery between 0 and 100),
    worn boolean,
    jammed boolean not null default false,
    seen_at timestamptz,
    heard_at timestamptz,
    placed_at timestamptz,
    skew_ms integer,
    unique (centre_id, name),
    check ((wearer_id is null) <> (protected_person_id is null))
);
comment on column supervision_device.placed_at is 'When, by our clock, a fix good enough to vouch for a place was last heard.';
comment on column supervision_device.skew_ms is
    'Our clock less the device''s: the least seen lately, which is skew plus the shortest travel.';
call tenant_table('supervision_device');
create index supervision_device_wearer on supervision_device (wearer_id);
create index supervision_device_protected on supervision_device (protected_person_id);

create table supervision_gateway (
    gateway_id uuid primary key,
    centre_id uuid not null references centre,
    name text not null,
    key_sha256 bytea not null unique check (octet_length(key_sha256) = 32),
    made_at timestamptz not null,
    unique (centre_id, name)
);
comment on table supervision_gateway is 'Makers'' servers that send for many devices with one key.';
call tenant_table('supervision_gateway');

create table supervision_fix (
    fix_id uuid primary key,
    centre_id uuid not null references centre,
    device_id uuid not null references supervision_device,
    person_id uuid not null,
    seen_at timestamptz not null,
    heard_at timestamptz not null,
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    error_m double precision not null check (error_m >= 0),
    speed_mps double precision check (speed_mps >= 0),
    course_deg double precision check (course_deg >= 0 and course_deg < 360),
    battery double precision check (battery between 0 and 100),
    signs text[] not null default '{}'
);
comment on column supervision_fix.fix_id is
    'Derived from device, instant and content: the same report is the same row, however often it is sent.';
call tenant_table('supervision_fix');
create index supervision_fix_person on supervision_fix (person_id, seen_at desc);
create index supervision_fix_heard on supervision_fix using brin (heard_at);

create table supervision_condition (
    condition_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    trigger text not null check (trigger in ('exclusion_zone', 'curfew', 'approach')),
    label text not null,
    ring jsonb,
    centre_lat double precision check (centre_lat between -90 and 90),
    centre_lon double precision check (centre_lon between -180 and 180),
    radius_m double precision check (radius_m > 0),
    since_local time,
    until_local time,
    protected_person_id uuid references supervision_protected,
    warn_m double precision check (warn_m > 0),
    alarm_m double precision check (alarm_m > 0 and alarm_m <= warn_m),
    set_at timestamptz not null,
    ended_at timestamptz,
    check (trigger <> 'approach' or (protected_person_id is not null and alarm_m is not null and warn_m is not null)),
    check (trigger <> 'curfew' or (since_local is not null and until_local is not null)),
    check (trigger = 'approach' or ring is not null or (centre_lat is not null and radius_m is not null))
);
comment on table supervision_condition is
    'What a wearer must keep to. Never changed: it ends, and another begins. Tamper is implied by every device.';
comment on column supervision_condition.since_local is 'Seoul time; a window that ends before it begins crosses midnight (EM-18).';
call tenant_table('supervision_condition');
create index supervision_condition_wearer on supervision_condition (wearer_id) where ended_at is null;
create index supervision_condition_protected on supervision_condition (protected_person_id) where ended_at is null;

create table supervision_exception (
    exception_id uuid primary key,
    centre_id uuid not null references centre,
    condition_id uuid not null references supervision_condition,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    reason text not null
);
comment on table supervision_exception is 'Spans in which a curfew does not bind.';
call tenant_table('supervision_exception');
create index supervision_exception_condition on supervision_exception (condition_id);

create table supervision_medical (
    medical_id uuid primary key,
    centre_id uuid not null references centre,
    condition_id uuid not null references supervision_condition,
    told_at timestamptz not null,
    enters_at timestamptz not null,
    leaves_at timestamptz not null check (leaves_at > enters_at)
);
comment on table supervision_medical is 'Medical stays told (EM-08). Place and company stand in the ledger alone.';
call tenant_table('supervision_medical');
create index supervision_medical_condition on supervision_medical (condition_id);

create table supervision_person (
    person_id uuid primary key,
    centre_id uuid not null references centre,
    estimate bytea
);
comment on table supervision_person is
    'Where each wearer and protected person is believed to be. Its rows are the locks of judging, taken in order of id.';
call tenant_table('supervision_person');

create table supervision_watch (
    condition_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    state text not null check (state in ('clear', 'uncertain', 'probable', 'certain')),
    probability double precision not null check (probability between 0 and 1),
    alarm_id uuid,
    watch bytea not null
);
comment on column supervision_watch.condition_id is 'Of supervision_condition, or derived from the device (tamper).';
comment on column supervision_watch.watch is 'All that the rules remember (JSON of model.Watch); the columns beside it are for people.';
call tenant_table('supervision_watch');
create index supervision_watch_wearer on supervision_watch (wearer_id);

create table supervision_alarm (
    alarm_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    device_id uuid not null references supervision_device,
    trigger text not null check (trigger in ('tamper', 'curfew', 'exclusion_zone', 'approach')),
    watch_id uuid not null,
    condition_id uuid references supervision_condition,
    protected_person_id uuid references supervision_protected,
    state text not null check (state in ('probable', 'certain', 'cleared', 'closed')),
    probability double precision not null check (probability between 0 and 1),
    rule_version text not null,
    medical text not null check (medical in ('none', 'advance', 'after')),
    lat double precision not null,
    lon double precision not null,
    error_m double precision not null,
    speed_mps double precision,
    course_deg double precision,
    seen_at timestamptz not null,
    raised_at timestamptz not null,
    confirmed_at timestamptz,
    cleared_at timestamptz,
    clear_reason text,
    closed_at timestamptz,
    incident_id uuid,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    finding text check (finding in ('confirmed', 'medical', 'false')),
    found_at timestamptz,
    found_by uuid,
    finding_note text,
    basis bytea,
    check ((cleared_at is null) = (clear_reason is null)),
    check ((acknowledged_at is null) = (acknowledged_by is null)),
    check ((finding is null) = (found_by is null))
);
comment on table supervision_alarm is 'Every alarm once: the fold of the alarm facts. Exactly four triggers (EM-14).';
comment on column supervision_alarm.basis is 'What it was decided from (JSON), so that it can be judged again bit for bit.';
call tenant_table('supervision_alarm');
create index supervision_alarm_raised on supervision_alarm (raised_at desc);
create index supervision_alarm_open on supervision_alarm (wearer_id) where closed_at is null;

create table supervision_alarm_fix (
    alarm_id uuid not null references supervision_alarm,
    centre_id uuid not null references centre,
    fix_id uuid not null,
    primary key (alarm_id, fix_id)
);
comment on table supervision_alarm_fix is 'The fixes an alarm cites: they are kept with it.';
call tenant_table('supervision_alarm_fix');
create index supervision_alarm_fix_fix on supervision_alarm_fix (fix_id);

create table supervision_notice (
    notice_id uuid primary key,
    centre_id uuid not null references centre,
    notice text not null check (notice in ('silence', 'low_battery', 'jam', 'cannot_vouch')),
    wearer_id uuid not null references supervision_wearer,
    device_id uuid not null references supervision_device,
    protected_person_id uuid references supervision_protected,
    since_at timestamptz not null,
    ended_at timestamptz
);
call tenant_table('supervision_notice');
create unique index supervision_notice_open on supervision_notice
    (wearer_id, notice, device_id, coalesce(protected_person_id, '00000000-0000-0000-0000-000000000000'))
    where ended_at is null;

create table supervision_ticked (
    centre_id uuid primary key references centre,
    at timestamptz not null
);
comment on table supervision_ticked is 'Up to when the clock has been judged: a restart judges what it slept through.';
call tenant_table('supervision_ticked');
