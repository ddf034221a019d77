-- What the archive of footage remembers beside its files, and holds that name a time.

alter table policy_hold
    add column covers_from_at timestamptz,
    add column covers_until_at timestamptz,
    add constraint policy_hold_covers check (
        (covers_from_at is null) = (covers_until_at is null) and covers_from_at < covers_until_at
    ) not valid;
alter table policy_hold validate constraint policy_hold_covers;
comment on column policy_hold.covers_from_at is
    'Of what is recorded of its resources (footage), only what was between these two instants; null: everything.';

create table footage_reel (
    centre_id uuid not null,
    camera_id uuid not null,
    track text not null check (track in ('sub', 'main')),
    hour_at timestamptz not null,
    epoch int not null,
    days int not null check (days between 1 and 30),
    covers tstzmultirange not null,
    primary key (centre_id, camera_id, track, hour_at, epoch, days)
) with (fillfactor = 70);
comment on table footage_reel is
    'Of which time there are pictures, a row a camera, track and hour. The files alone decide what is found and what dies.';
comment on column footage_reel.epoch is 'The stretch of the clock it was stamped by.';
call tenant_table('footage_reel');
create index footage_reel_hour on footage_reel (centre_id, hour_at);

create table footage_track (
    centre_id uuid not null,
    camera_id uuid not null,
    track text not null check (track in ('sub', 'main')),
    first_at timestamptz not null,
    primary key (centre_id, camera_id, track)
);
comment on table footage_track is 'Since when a track is recorded: what is missing before was never there.';
call tenant_table('footage_track');

create table footage_gap (
    centre_id uuid not null,
    camera_id uuid not null,
    track text not null check (track in ('sub', 'main')),
    start_at timestamptz not null,
    end_at timestamptz not null,
    cause text not null check (cause in ('camera-lost', 'camera-fault', 'relay-stopped', 'disk-full', 'clock')),
    detail text not null default '',
    primary key (centre_id, camera_id, track, start_at)
);
comment on table footage_gap is 'Why there are no pictures of a time. Kept a month, as long as there could be any.';
call tenant_table('footage_gap');
create index footage_gap_end on footage_gap (centre_id, end_at);

create table footage_certificate (
    centre_id uuid not null,
    certificate_id uuid primary key,
    why text not null check (why in ('expired', 'disk-full', 'hold-ended', 'key-gone')),
    destroyed_at timestamptz not null,
    keys int not null check (keys > 0),
    bytes bigint not null check (bytes >= 0),
    root bytea not null check (length(root) = 32)
);
comment on table footage_certificate is
    'What one sweep destroyed. The root, a Merkle tree (RFC 6962) over the rows of footage_destroyed, is on the ledger.';
call tenant_table('footage_certificate');

create table footage_destroyed (
    centre_id uuid not null,
    certificate_id uuid not null,
    place int not null check (place >= 0),
    camera_id uuid not null,
    hour_at timestamptz not null,
    epoch int not null,
    days int not null,
    hold_id uuid,
    segments int not null,
    bytes bigint not null,
    digest bytea not null,
    primary key (certificate_id, place)
);
comment on table footage_destroyed is 'The list of a certificate: each key that was destroyed, and what it had opened.';
comment on column footage_destroyed.digest is 'SHA-256 over the heads (time, length, nonce) of its records, in order.';
call tenant_table('footage_destroyed');
create unique index footage_destroyed_once on footage_destroyed (centre_id, camera_id, hour_at, epoch, days, hold_id)
    nulls not distinct;

create table footage_disk (
    centre_id uuid not null,
    archive text not null,
    noted_at timestamptz not null,
    total_bytes bigint not null,
    free_bytes bigint not null,
    terms int not null,
    oldest_at timestamptz,
    next_at timestamptz,
    full_at timestamptz,
    doubt text,
    primary key (centre_id, archive)
);
comment on table footage_disk is 'How each archive''s disk stood when it was last measured.';
comment on column footage_disk.full_at is 'When footage younger than its time will have to go; null: not within a day.';
call tenant_table('footage_disk');
