-- Protection: people under safety measures, their measures, their warnings. Places and messages are sealed.

create table protection_person (
    protected_person_id uuid primary key,
    centre_id uuid not null references centre,
    code text not null check (code <> ''),
    grade text not null check (grade in ('very_high', 'high', 'normal')),
    home_sealed bytea not null,
    siren boolean not null default false,
    voice boolean not null default false,
    discreet boolean not null default true,
    words text not null default 'offender' check (words in ('offender', 'that_person')),
    language text not null default 'ko' check (language in ('ko', 'en', 'easy')),
    registered_at timestamptz not null,
    unique (centre_id, code)
);
comment on table protection_person is 'Known by code alone. Its rows are the locks of warning: readers, timers and presses take them first.';
comment on column protection_person.home_sealed is 'Registered place, under her key; read only to judge and lead, never shown to staff.';
call tenant_table('protection_person');

create table protection_measure (
    protected_person_id uuid not null references protection_person,
    centre_id uuid not null references centre,
    measure text not null check (measure in ('phone_112', 'patrol', 'smartwatch', 'lodging', 'relocation', 'ai_cctv')),
    since_at timestamptz not null,
    until_at timestamptz,
    primary key (protected_person_id, measure, since_at)
);
comment on table protection_measure is 'Measures her grade entitles to (VP-02 to VP-05).';
call tenant_table('protection_measure');

create table protection_incident (
    incident_id uuid primary key,
    centre_id uuid not null references centre,
    asked_at timestamptz,
    told_at timestamptz,
    acknowledged_at timestamptz,
    police_sealed bytea,
    resolved_at timestamptz,
    closed_at timestamptz
);
comment on table protection_incident is 'How far help is: what her screen says of 112. police_sealed: the unit that comes, its place and arrival.';
call tenant_table('protection_incident');

create table protection_warning (
    warning_id uuid primary key,
    centre_id uuid not null references centre,
    protected_person_id uuid not null references protection_person,
    level text not null check (level in ('probable', 'certain', 'medical', 'cannot_vouch', 'over', 'cleared')),
    alarm_id uuid,
    notice_id uuid,
    wearer_id uuid,
    incident_id uuid,
    raised_at timestamptz not null,
    issued_at timestamptz not null,
    updated_at timestamptz not null,
    fall_at timestamptz,
    acknowledged_at timestamptz,
    escalated_at timestamptz,
    not_reached_at timestamptz,
    ended_at timestamptz,
    content_sealed bytea not null,
    key_year integer not null
);
comment on column protection_warning.fall_at is 'When her phone is called unless she has pressed: the server''s timer, shown on her screen.';
comment on column protection_warning.content_sealed is 'Distance, way out, places: under her key of key_year.';
call tenant_table('protection_warning');
create index protection_warning_open on protection_warning (protected_person_id) where ended_at is null;
create index protection_warning_alarm on protection_warning (alarm_id);
create index protection_warning_incident on protection_warning (incident_id);
create index protection_warning_notice on protection_warning (notice_id) where notice_id is not null;
