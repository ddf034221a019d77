-- Privacy zones: the windows and homes a camera would see; and what a reviewer decided about each doubtful frame.

create table footage_privacy_zone (
    centre_id uuid not null,
    zone_id uuid primary key,
    camera_id uuid not null,
    corners double precision[] not null
        check (cardinality(corners) between 6 and 128 and cardinality(corners) % 2 = 0
               and 0 <= all (corners) and 1 >= all (corners)),
    set_by text not null,
    set_at timestamptz not null
);
comment on table footage_privacy_zone is 'Black in every picture of the camera, live and recorded, from the relay on.';
comment on column footage_privacy_zone.corners is 'x1 y1 x2 y2 … of a polygon in parts of the picture, from the top left.';
call tenant_table('footage_privacy_zone');
create index footage_privacy_zone_camera on footage_privacy_zone (centre_id, camera_id);

create table footage_doubt_decision (
    centre_id uuid not null,
    export_id uuid not null references footage_export on delete cascade,
    number int not null check (number >= 0),
    verdict text not null check (verdict in ('mask', 'clear', 'widen')),
    box double precision[] check (cardinality(box) = 4),
    decided_by uuid not null,
    decided_at timestamptz not null,
    primary key (centre_id, export_id, number),
    check ((verdict = 'widen') = (box is not null))
);
comment on table footage_doubt_decision is 'What the second person decided about each doubtful frame before an export left.';
call tenant_table('footage_doubt_decision');
