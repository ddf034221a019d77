-- Of which destroyed time holds keep copies: a timeline that says `destroyed` there would be wrong.
create table footage_kept (
    centre_id uuid not null,
    hold_id uuid not null,
    camera_id uuid not null,
    track text not null check (track in ('sub', 'main')),
    hour_at timestamptz not null,
    epoch int not null,
    days int not null check (days between 1 and 30),
    covers tstzmultirange not null,
    primary key (centre_id, hold_id, camera_id, track, hour_at, epoch, days)
);
comment on table footage_kept is
    'Of which time holds keep copies, a row a hold, camera, track and hour. The files alone decide what can be found.';
call tenant_table('footage_kept');
create index footage_kept_camera on footage_kept (centre_id, camera_id, track, hour_at);
