-- Layouts of the wall: which cameras stand in which tiles.

create table footage_wall (
    centre_id uuid not null,
    wall_id uuid primary key,
    account_id uuid not null,
    name text not null check (length(name) between 1 and 60),
    shared boolean not null,
    size int not null check (size between 1 and 12),
    tiles text[] not null check (cardinality(tiles) <= 12),
    saved_at timestamptz not null
);
comment on table footage_wall is 'A layout somebody saved, for himself or for the centre. It opens no picture: rights are asked for tile by tile.';
comment on column footage_wall.tiles is 'In tile order: a camera''s id, `map`, or empty.';
call tenant_table('footage_wall');
create index footage_wall_account on footage_wall (centre_id, account_id);
