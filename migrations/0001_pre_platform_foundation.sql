-- Centres, tenancy and the ledger's tables. Run as `ansimnet_owner`; the four roles exist already (see platform/roles.py).

revoke create on schema public from public;
grant usage on schema public to ansimnet_tracking, ansimnet_city, ansimnet_sealer;

-- ---------------------------------------------------------------------------------------------- centres

create table centre (
    centre_id uuid primary key,
    kind text not null check (kind in ('tracking', 'city')),
    name text not null,
    db_role name not null unique
);
comment on table centre is 'The organisations whose rows live in this database, each with a role of its own.';
grant select on centre to ansimnet_tracking, ansimnet_city, ansimnet_sealer;

-- The ids are `kernel.ids.TRACKING_CENTRE` and `CITY_CENTRE` (a test compares).
insert into centre (centre_id, kind, name, db_role) values
    ('6c8bc648-96a2-5f44-a2c2-c894b466025c', 'tracking', '위치추적센터', 'ansimnet_tracking'),
    ('4f07ef94-75d4-577d-92cb-fecfd68dd013', 'city', '스마트시티센터', 'ansimnet_city');

create function my_centre() returns uuid
    language sql stable parallel safe
    as $$ select c.centre_id from public.centre c where c.db_role = session_user $$;
comment on function my_centre() is
    'The centre of the role that logged in; null for the owner and the sealer, who have no rows of their own.';

-- What every migration calls for each table it creates.
create procedure tenant_table(tenant regclass)
    language plpgsql
    as $$
begin
    execute format('alter table %s alter column centre_id set default my_centre()', tenant);
    execute format('alter table %s enable row level security', tenant);
    execute format('alter table %s force row level security', tenant);
    execute format('create policy tenant on %s using (centre_id = (select my_centre())) '
                   'with check (centre_id = (select my_centre()))', tenant);
    execute format('grant select, insert, update, delete on %s to ansimnet_tracking, ansimnet_city', tenant);
end
$$;
revoke execute on procedure tenant_table(regclass) from public;

-- ---------------------------------------------------------------------------------------------- ledger

create table ledger_entry (
    entry_id uuid primary key,
    centre_id uuid not null,
    kind text not null,
    happened_at timestamptz not null,
    recorded_at timestamptz not null,
    actor text not null,
    subject_id uuid,
    key_year integer,
    body bytea not null,
    payload bytea,
    payload_sha256 bytea
);
comment on column ledger_entry.body is 'Canonical JSON of the public fields; the hash covers these bytes.';
comment on column ledger_entry.payload is 'Personal fields under the key of subject_id and key_year.';
call tenant_table('ledger_entry');
revoke update, delete on ledger_entry from ansimnet_tracking, ansimnet_city;
create index ledger_entry_kind on ledger_entry (centre_id, kind, recorded_at);

create table ledger_pending (
    entry_id uuid primary key references ledger_entry,
    centre_id uuid not null
);
comment on table ledger_pending is 'Committed entries that the sealer has not yet put in order.';
call tenant_table('ledger_pending');
revoke insert, update, delete on ledger_pending from ansimnet_tracking, ansimnet_city;

create table ledger_seal (
    centre_id uuid not null,
    seq bigint not null check (seq > 0),
    entry_id uuid not null unique references ledger_entry,
    prev_hash bytea not null,
    hash bytea not null,
    sealed_at timestamptz not null,
    primary key (centre_id, seq)
);
call tenant_table('ledger_seal');
revoke insert, update, delete on ledger_seal from ansimnet_tracking, ansimnet_city;

create table ledger_checkpoint (
    centre_id uuid not null,
    size bigint not null,
    root bytea not null,
    head_hash bytea not null,
    prev_checkpoint_hash bytea,
    key_id text not null,
    signature bytea not null,
    signed_at timestamptz not null,
    primary key (centre_id, size)
);
call tenant_table('ledger_checkpoint');
revoke insert, update, delete on ledger_checkpoint from ansimnet_tracking, ansimnet_city;

-- The sealer has no centre: it works for all of them, on these four tables alone.
create policy sealer on ledger_entry for select to ansimnet_sealer using (true);
create policy sealer on ledger_pending to ansimnet_sealer using (true);
create policy sealer on ledger_seal to ansimnet_sealer using (true) with check (true);
create policy sealer on ledger_checkpoint to ansimnet_sealer using (true) with check (true);
grant select on ledger_entry to ansimnet_sealer;
grant select, delete on ledger_pending to ansimnet_sealer;
grant select, insert on ledger_seal, ledger_checkpoint to ansimnet_sealer;

create function ledger_entry_inserted() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
    as $$
begin
    insert into ledger_pending (entry_id, centre_id) values (new.entry_id, new.centre_id);
    notify ledger_pending;
    return null;
end
$$;
create trigger inserted after insert on ledger_entry for each row execute function ledger_entry_inserted();

create function ledger_refuse_change() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'the ledger is append-only: % on % refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete on ledger_entry
    for each row execute function ledger_refuse_change();
create trigger append_only before update or delete on ledger_seal
    for each row execute function ledger_refuse_change();
create trigger append_only before update or delete on ledger_checkpoint
    for each row execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_entry
    for each statement execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_seal
    for each statement execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_checkpoint
    for each statement execute function ledger_refuse_change();

-- ---------------------------------------------------------------------------------------------- readers and the link

create table reader_position (
    centre_id uuid not null,
    reader text not null,
    seq bigint not null,
    primary key (centre_id, reader)
);
comment on table reader_position is 'The last sealed number each reader has taken in; moves with the reader''s own effect.';
call tenant_table('reader_position');

create table reader_parked (
    centre_id uuid not null,
    reader text not null,
    seq bigint not null,
    error text not null,
    parked_at timestamptz not null,
    primary key (centre_id, reader, seq)
);
comment on table reader_parked is 'Facts a reader could not take in and set aside for a person to look at.';
call tenant_table('reader_parked');

create table link_seen (
    centre_id uuid not null,
    fact_id uuid not null,
    from_centre uuid not null,
    received_at timestamptz not null,
    primary key (centre_id, fact_id)
);
comment on table link_seen is 'Facts that came over the link already, so that a repeated one changes nothing.';
call tenant_table('link_seen');
