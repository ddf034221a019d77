-- Cameras that are asked over ONVIF, those that turn within a registered sector, and who holds their joystick.

create table footage_onvif (
    centre_id uuid not null,
    camera_id uuid primary key,
    port int not null check (port between 1 and 65535),
    login_sealed bytea,
    set_by text not null,
    set_at timestamptz not null,
    checked_at timestamptz,
    state text not null default 'unchecked',
    maker text not null default '',
    model text not null default '',
    firmware text not null default '',
    clock_off_s double precision,
    clock_at timestamptz
);
comment on table footage_onvif is 'How a camera is asked over ONVIF; its host is that of its registered stream, never another.';
comment on column footage_onvif.login_sealed is 'User and password; null where the stream''s own login serves.';
comment on column footage_onvif.clock_off_s is 'Its clock minus ours at clock_at, seconds; told in whole seconds.';
call tenant_table('footage_onvif');

create table footage_onvif_profile (
    centre_id uuid not null,
    camera_id uuid not null references footage_onvif on delete cascade,
    number int not null,
    token text not null,
    name text not null,
    codec text not null,
    width int not null,
    height int not null,
    fps real not null,
    turns boolean not null,
    primary key (centre_id, camera_id, number)
);
comment on table footage_onvif_profile is 'The streams a device lists, as it told them at checked_at.';
call tenant_table('footage_onvif_profile');

create table footage_ptz (
    centre_id uuid not null,
    camera_id uuid primary key references footage_onvif on delete cascade,
    north_deg double precision not null,
    pan_from_deg double precision not null,
    pan_until_deg double precision not null,
    tilt_from_deg double precision not null,
    tilt_until_deg double precision not null,
    fov_wide_deg double precision not null,
    fov_tele_deg double precision not null,
    height_m double precision not null check (height_m > 0),
    endless boolean not null,
    sector_from_deg double precision not null,
    sector_until_deg double precision not null,
    sector_low_deg double precision not null,
    sector_high_deg double precision not null check (sector_high_deg > sector_low_deg),
    zoom_most double precision not null check (zoom_most between 0 and 1)
);
comment on table footage_ptz is 'What a camera that turns may show (PIPA 25(5)), and what its units mean. Azimuths from north, tilts from the horizon.';
call tenant_table('footage_ptz');

create table footage_ptz_zone (
    centre_id uuid not null,
    zone_id uuid primary key,
    camera_id uuid not null references footage_ptz on delete cascade,
    corners double precision[] not null check (cardinality(corners) between 6 and 128 and cardinality(corners) % 2 = 0)
);
comment on table footage_ptz_zone is 'Windows and homes around a camera that turns: black wherever it looks. azimuth tilt azimuth tilt … in degrees.';
call tenant_table('footage_ptz_zone');
create index footage_ptz_zone_camera on footage_ptz_zone (centre_id, camera_id);

create table footage_ptz_preset (
    centre_id uuid not null,
    preset_id uuid primary key,
    camera_id uuid not null references footage_ptz on delete cascade,
    name text not null check (length(name) between 1 and 40),
    home boolean not null default false,
    azimuth_deg double precision not null,
    tilt_deg double precision not null,
    zoom double precision not null,
    kept_by text not null,
    kept_at timestamptz not null
);
comment on table footage_ptz_preset is 'Named poses. The camera goes back to `home` when nobody holds it any more.';
call tenant_table('footage_ptz_preset');
create unique index footage_ptz_preset_home on footage_ptz_preset (centre_id, camera_id) where home;

create table footage_ptz_hold (
    centre_id uuid not null,
    camera_id uuid primary key references footage_ptz on delete cascade,
    account_id uuid not null,
    holder text not null,
    permit_id uuid not null,
    provision_id uuid,
    priority int not null check (priority between 1 and 5),
    taken_at timestamptz not null,
    until_at timestamptz not null,
    asked_by text
);
comment on table footage_ptz_hold is 'Who holds a camera''s joystick now; a row goes when it is let go, taken over or over.';
call tenant_table('footage_ptz_hold');
