-- Looks at recorded pictures beside the view they were seen in, and bookmarks on a timeline.

create table footage_look (
    centre_id uuid not null,
    view_id uuid primary key references footage_view,
    camera_ids uuid[] not null check (cardinality(camera_ids) > 0),
    from_at timestamptz not null,
    until_at timestamptz not null,
    reason text not null,
    check (from_at < until_at)
);
comment on table footage_look is 'What a view of recorded pictures could reach, and why somebody asked for it. What was seen is on the ledger.';
comment on column footage_look.reason is 'In the viewer''s words; never on the ledger.';
call tenant_table('footage_look');

create table footage_bookmark (
    centre_id uuid not null,
    bookmark_id uuid primary key,
    camera_id uuid not null,
    at timestamptz not null,
    provision_id uuid,
    account_id uuid not null,
    words text not null,
    placed_at timestamptz not null
);
comment on table footage_bookmark is 'A place on a camera''s timeline that somebody wants to find again. It goes when the pictures have gone.';
call tenant_table('footage_bookmark');
create index footage_bookmark_camera on footage_bookmark (centre_id, camera_id, at);
