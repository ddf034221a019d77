-- How each camera is set up and tuned for vision, every version kept; workers and what they say of their models.

create table vision_setup (
    centre_id uuid not null,
    camera_id uuid not null,
    version int not null check (version > 0),
    document jsonb not null,
    set_by uuid not null,
    set_at timestamptz not null,
    primary key (centre_id, camera_id, version)
);
comment on table vision_setup is 'Zones, lines, schedules, calibration, behaviours. The greatest version is in force.';
call tenant_table('vision_setup');

create table vision_tuning (
    centre_id uuid not null,
    camera_id uuid not null,
    behaviour text not null,
    version int not null check (version > 0),
    threshold double precision not null,
    slope double precision not null check (slope > 0),
    "offset" double precision not null,
    state text not null check (state in ('proposed', 'in_force', 'replaced', 'refused')),
    trues int not null,
    falses int not null,
    brier double precision,
    brier_before double precision,
    kept_share double precision not null,
    made_at timestamptz not null,
    decided_by uuid,
    decided_at timestamptz,
    primary key (centre_id, camera_id, behaviour, version)
);
comment on column vision_tuning.kept_share is 'Share of confirmed alarms that this threshold would still have raised.';
call tenant_table('vision_tuning');
create unique index vision_tuning_in_force on vision_tuning (centre_id, camera_id, behaviour) where state = 'in_force';
create unique index vision_tuning_proposed on vision_tuning (centre_id, camera_id, behaviour) where state = 'proposed';

create table vision_model (
    centre_id uuid not null,
    name text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{8,64}$'),
    card jsonb not null,
    behaviours text[] not null,
    shadow boolean not null,
    first_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (centre_id, name, sha256)
);
comment on table vision_model is 'Cards of the models that workers load: name, licence, source, input, measured quality.';
call tenant_table('vision_model');

create table vision_worker (
    centre_id uuid not null,
    worker_id uuid primary key,
    name text not null,
    key_sha256 bytea check (octet_length(key_sha256) = 32),
    registered_at timestamptz not null,
    ended_at timestamptz,
    seen_at timestamptz,
    state jsonb not null default '{}'
);
comment on column vision_worker.key_sha256 is 'Null: a process of this machine, started by the server itself.';
comment on column vision_worker.state is 'What it said last: cameras, behaviours it has models for, load, dropped pictures.';
call tenant_table('vision_worker');
create unique index vision_worker_key on vision_worker (key_sha256) where key_sha256 is not null;

create table vision_budget (
    centre_id uuid primary key,
    per_shift int not null check (per_shift between 1 and 1000),
    shift_hours int not null check (shift_hours between 1 and 24),
    set_by uuid not null,
    set_at timestamptz not null
);
comment on table vision_budget is 'Alarms an operator is asked to judge in a shift; no row: the default.';
call tenant_table('vision_budget');
