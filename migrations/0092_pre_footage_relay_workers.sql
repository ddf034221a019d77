-- Relay workers side by side, which camera each pulls, main streams, and how every camera has fared.

alter table camera_source add column main_url_sealed bytea;
comment on column camera_source.main_url_sealed is
    'Address of the main stream (full resolution), sealed as `url_sealed`, which is the sub-stream; null: there is one.';

alter table footage_view add column shed bigint;
comment on column footage_view.shed is 'Frames this viewer did not get: his line or the relay was too slow.';

create table footage_relay_worker (
    centre_id uuid not null,
    worker int not null check (worker >= 0),
    url text not null,
    started_at timestamptz not null,
    beat_at timestamptz not null,
    cameras int not null default 0,
    viewers int not null default 0,
    is_full boolean not null default false,
    primary key (centre_id, worker)
);
comment on column footage_relay_worker.url is 'Where viewers of its cameras are sent.';
comment on column footage_relay_worker.beat_at is 'When it was last seen alive: what it says of its cameras holds up to here.';
call tenant_table('footage_relay_worker');

create table footage_relay_camera (
    centre_id uuid not null,
    camera_id uuid not null,
    worker int not null,
    primary key (centre_id, camera_id)
);
comment on table footage_relay_camera is 'Which worker pulls a camera.';
call tenant_table('footage_relay_camera');

create table footage_health (
    centre_id uuid not null,
    camera_id uuid not null,
    from_at timestamptz not null,
    until_at timestamptz,
    worker int not null,
    live boolean not null,
    reason text not null,
    primary key (centre_id, camera_id, from_at),
    check (until_at >= from_at)
);
comment on table footage_health is
    'Spells of one state of a camera, as the relay measured it; time between spells was not measured, and counts for nothing.';
call tenant_table('footage_health');
create unique index footage_health_open on footage_health (centre_id, camera_id) where until_at is null;
create index footage_health_until on footage_health (centre_id, until_at);
