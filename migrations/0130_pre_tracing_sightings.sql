-- What workers saw pass, sealed as it is written: a block of one camera's tracks of one hour. No key lies in the database.

create table tracing_block (
    centre_id uuid not null,
    block_id uuid primary key,
    camera_id uuid not null,
    hour_at timestamptz not null check (date_trunc('hour', hour_at) = hour_at),
    tracks int not null check (tracks > 0),
    sealed bytea not null check (length(sealed) > 48),
    received_at timestamptz not null
);
comment on column tracing_block.sealed is 'To the public key of the camera and hour: who writes cannot read it again.';
call tenant_table('tracing_block');
create index tracing_block_hour on tracing_block (centre_id, hour_at, camera_id);
