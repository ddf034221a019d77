-- The camera at a protected person's door: set-up, the few who are recognised there, its alerts and their clips.

create table protection_home (
    centre_id uuid not null,
    home_id uuid primary key,
    protected_person_id uuid not null references protection_person,
    name text not null check (length(name) between 1 and 40),
    source_sealed bytea not null,
    setup jsonb not null,
    order_id uuid,
    statute text,
    assessment_no text,
    assessed_on date,
    installed_by uuid not null,
    installed_at timestamptz not null,
    on_at timestamptz,
    off_at timestamptz,
    seen_at timestamptz,
    state text not null default 'off',
    enrolled int not null default 0,
    unfit jsonb not null default '{}',
    look_until timestamptz,
    picture_sealed bytea,
    picture_at timestamptz,
    removed_at timestamptz,
    check ((statute is null) = (order_id is null)),
    check ((assessment_no is null) = (assessed_on is null)),
    check (on_at is null or (order_id is not null and assessed_on is not null))
);
comment on table protection_home is 'A home camera is bound to one protected person. on_at without an order, a statute and a dated assessment cannot be.';
comment on column protection_home.setup is 'Guard zone and line, what is hidden (household, the neighbour''s door), colour, limits. No address.';
comment on column protection_home.look_until is 'Until when the police look at it live under an open incident; the picture is kept no longer.';
call tenant_table('protection_home');
create index protection_home_person on protection_home (centre_id, protected_person_id) where removed_at is null;

create table protection_home_face (
    centre_id uuid not null,
    template_id uuid primary key,
    home_id uuid not null references protection_home on delete cascade,
    order_id uuid not null,
    subject_id uuid not null,
    request_id uuid not null,
    template_sealed bytea,
    key_year int not null,
    model text not null,
    photographs int not null check (photographs > 0),
    enrolled_by uuid not null,
    approved_by uuid not null,
    enrolled_at timestamptz not null,
    until_at timestamptz not null,
    ended_at timestamptz,
    check (enrolled_by <> approved_by),
    check ((template_sealed is null) = (ended_at is not null))
);
comment on column protection_home_face.template_sealed is 'Under the order''s own key; null and the key destroyed once the order has ended.';
call tenant_table('protection_home_face');
create unique index protection_home_face_one on protection_home_face (centre_id, home_id, order_id, subject_id)
    where ended_at is null;

create table protection_home_alert (
    centre_id uuid not null,
    alert_id uuid primary key,
    home_id uuid not null references protection_home,
    protected_person_id uuid not null,
    kind text not null check (kind in ('match', 'intrusion')),
    subject_id uuid,
    order_id uuid,
    since_at timestamptz not null,
    decided_at timestamptz not null,
    told_at timestamptz not null,
    ratio double precision,
    faces int not null default 0,
    unable text,
    warning_id uuid not null,
    incident_id uuid,
    answer text check (answer in ('away', 'known')),
    answered_at timestamptz,
    seconds double precision not null default 0,
    complete boolean not null default false,
    complete_at timestamptz,
    check ((kind = 'match') = (order_id is not null))
);
comment on column protection_home_alert.kind is 'intrusion: nobody was identified, and nobody was guessed at.';
call tenant_table('protection_home_alert');
create index protection_home_alert_person on protection_home_alert (centre_id, protected_person_id, decided_at desc);

create table protection_home_clip (
    centre_id uuid not null,
    part_id uuid primary key,
    alert_id uuid not null references protection_home_alert on delete cascade,
    part int not null,
    data_sealed bytea not null
);
comment on table protection_home_clip is 'Masked pictures alone: what was not hidden never left the process that watches the door. part_id is named after alert and part, and the film is bound to it.';
call tenant_table('protection_home_clip');
create index protection_home_clip_alert on protection_home_clip (alert_id, part);
