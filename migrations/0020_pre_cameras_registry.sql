-- The registry of a city's cameras. Where a camera's stream comes from is sealed: an address is a way in.

create table camera_import (
    centre_id uuid not null,
    import_id uuid primary key,
    file_name text not null,
    sha256 bytea not null,
    encoding text not null,
    accepted int not null check (accepted >= 0),
    refused int not null check (refused >= 0),
    imported_at timestamptz not null
);
call tenant_table('camera_import');

create table camera (
    centre_id uuid not null,
    camera_id uuid primary key,
    code text not null,
    agency text not null,
    address text not null,
    purpose text not null,
    count int not null check (count between 1 and 64),
    lat double precision not null check (lat between -90 and 90),
    lon double precision not null check (lon between -180 and 180),
    azimuth_deg real check (azimuth_deg >= 0 and azimuth_deg < 360),
    fov_deg real not null check (fov_deg > 0 and fov_deg <= 360),
    range_m real not null check (range_m > 0),
    retention_days int,
    installed text,
    import_id uuid not null references camera_import,
    removed_at timestamptz
);
comment on column camera.azimuth_deg is 'Degrees clockwise from north; null where nobody recorded it (then it counts as a circle).';
call tenant_table('camera');
create index camera_code on camera (centre_id, code);

create table camera_source (
    centre_id uuid not null,
    camera_id uuid primary key references camera,
    url_sealed bytea not null
);
comment on column camera_source.url_sealed is 'RTSP address with its password, AES-256-GCM under a key outside the database.';
call tenant_table('camera_source');

create table camera_health (
    centre_id uuid not null,
    camera_id uuid primary key references camera,
    live boolean not null,
    reason text not null,
    since_at timestamptz not null
);
call tenant_table('camera_health');
