-- A phone's camera as a source of pictures: which situation is whose, and what each phone sent.

create table footage_scene (
    centre_id uuid not null,
    alarm_id uuid not null,
    incident_id uuid,
    protected_person_id uuid,
    certain boolean not null default false,
    noted_at timestamptz not null,
    over_at timestamptz,
    primary key (centre_id, alarm_id)
);
comment on table footage_scene is 'Whose alarm it is and which incident took it: a phone may show a scene while one runs.';
comment on column footage_scene.certain is 'A certain alarm stays until its incident is closed; a probable one that clears is over.';
call tenant_table('footage_scene');
create index footage_scene_person on footage_scene (centre_id, protected_person_id) where over_at is null;
create index footage_scene_incident on footage_scene (centre_id, incident_id);

create table footage_uplink (
    centre_id uuid not null,
    uplink_id uuid primary key,
    account_id uuid not null,
    protected_person_id uuid not null,
    incident_id uuid not null,
    ground_id uuid not null,
    started_at timestamptz not null,
    not_after timestamptz not null,
    ended_at timestamptz,
    reason text,
    frames bigint not null default 0,
    bytes bigint not null default 0,
    check ((ended_at is null) = (reason is null)),
    check (started_at < not_after)
);
comment on table footage_uplink is 'What a phone''s camera showed a desk, by its bearer''s consent; the pictures are elsewhere.';
comment on column footage_uplink.uplink_id is 'Stands where a camera''s id stands: in permits, views and recordings.';
call tenant_table('footage_uplink');
create unique index footage_uplink_one on footage_uplink (centre_id, account_id) where ended_at is null;
create index footage_uplink_incident on footage_uplink (centre_id, incident_id);
