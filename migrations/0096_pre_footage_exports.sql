-- Exports of recorded pictures: asked for, reviewed, sealed, taken a stated number of times, gone.

create table footage_export (
    centre_id uuid not null,
    export_id uuid primary key,
    asked_by uuid not null,
    asked_role text not null,
    asked_at timestamptz not null,
    permit_id uuid not null,
    ground_id uuid not null,
    cameras uuid[] not null check (cardinality(cameras) between 1 and 16),
    from_at timestamptz not null,
    until_at timestamptz not null check (from_at < until_at),
    original boolean not null,
    words bytea not null,
    most_downloads int not null check (most_downloads between 1 and 20),
    download_until timestamptz not null,
    state text not null check (state in ('asked', 'review', 'reviewed', 'sealed', 'ended')),
    doubts jsonb not null default '[]',
    patches jsonb not null default '[]',
    reviewed_by uuid,
    reviewed_at timestamptz,
    sealed_at timestamptz,
    size bigint,
    manifest_sha256 bytea check (length(manifest_sha256) = 32),
    downloads int not null default 0,
    ended_at timestamptz,
    end_reason text,
    check ((state = 'ended') = (ended_at is not null)),
    check (reviewed_by is distinct from asked_by)
);
comment on table footage_export is 'An export of recorded pictures. Its bytes lie in the footage folder, under a key of the export''s own.';
comment on column footage_export.words is 'Reason, case and recipient, sealed under the export''s own key.';
comment on column footage_export.doubts is 'What masking was unsure of, the worst first: no word, no picture.';
comment on column footage_export.patches is 'What the reviewer hid besides.';
call tenant_table('footage_export');
create index footage_export_open on footage_export (centre_id, state) where state <> 'ended';
