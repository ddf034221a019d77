-- Each camera of an export has a time of its own: `cameras`, `from_at` and `until_at` are spans, one place of each.
alter table footage_export
    drop constraint footage_export_cameras_check,
    drop constraint footage_export_check,
    alter column from_at type timestamptz[] using array_fill(from_at, array[cardinality(cameras)]),
    alter column until_at type timestamptz[] using array_fill(until_at, array[cardinality(cameras)]),
    add constraint footage_export_spans check (
        cardinality(cameras) between 1 and 60
        and cardinality(from_at) = cardinality(cameras) and cardinality(until_at) = cardinality(cameras)
    );
-- Doubts that were named before say now of which span they are. The owner sees every centre's rows meanwhile.
alter table footage_export no force row level security;
update footage_export set doubts = (
    select jsonb_agg(d || jsonb_build_object('span', array_position(cameras, (d ->> 'camera_id')::uuid) - 1) order by n)
    from jsonb_array_elements(doubts) with ordinality as named (d, n)
) where doubts <> '[]';
alter table footage_export force row level security;
comment on column footage_export.cameras is 'Of each span its camera; one that he passed twice stands here twice.';
comment on column footage_export.from_at is 'Of each span its beginning, in the order of `cameras`.';
comment on column footage_export.until_at is 'Of each span its end, in the order of `cameras`.';
