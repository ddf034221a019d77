-- Grouped appends, witnesses of other centres, and their countersignatures.

-- One trigger call a statement instead of one a row: a thousand facts in one transaction queue themselves at once.
create or replace function ledger_entry_inserted() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
    as $$
begin
    insert into ledger_pending (entry_id, centre_id) select entry_id, centre_id from fresh;
    notify ledger_pending;
    return null;
end
$$;
drop trigger inserted on ledger_entry;
create trigger inserted after insert on ledger_entry
    referencing new table as fresh for each statement execute function ledger_entry_inserted();

-- Entries can never be deleted (no grant, a trigger), the queue is filled by the trigger above alone, and the sealer seals
-- what it has read from the entries themselves. Checking that again cost a lock and a log record for each entry; a seal
-- without its entry is found by both verifiers (`missing-entry`).
alter table ledger_pending drop constraint ledger_pending_entry_id_fkey;
alter table ledger_seal drop constraint ledger_seal_entry_id_fkey;

create table ledger_witness (
    centre_id uuid not null,
    of_centre uuid not null,
    size bigint not null,
    line bytea not null,
    root_key bytea not null,
    seen_at timestamptz not null,
    primary key (centre_id, of_centre, size)
);
comment on table ledger_witness is 'Signed heads of other centres that this one has seen, checked and countersigned.';
call tenant_table('ledger_witness');
revoke update, delete on ledger_witness from ansimnet_tracking, ansimnet_city;

create table ledger_countersign (
    centre_id uuid not null,
    witness_centre uuid not null,
    size bigint not null,
    key_id text not null,
    signature bytea not null,
    signed_at timestamptz not null,
    primary key (centre_id, witness_centre, size)
);
comment on table ledger_countersign is 'What other centres said they have seen of this ledger.';
call tenant_table('ledger_countersign');
revoke update, delete on ledger_countersign from ansimnet_tracking, ansimnet_city;

create trigger append_only before update or delete on ledger_witness
    for each row execute function ledger_refuse_change();
create trigger append_only before update or delete on ledger_countersign
    for each row execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_witness
    for each statement execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_countersign
    for each statement execute function ledger_refuse_change();

create table ledger_tombstone (
    centre_id uuid not null,
    subject_id uuid not null,
    key_year integer not null,
    fingerprint text not null,
    erased_at timestamptz not null,
    primary key (centre_id, subject_id, key_year, fingerprint)
);
comment on table ledger_tombstone is
    'Payload keys that were destroyed, by fingerprint: one that a backup brings back is destroyed again.';
call tenant_table('ledger_tombstone');
revoke update, delete on ledger_tombstone from ansimnet_tracking, ansimnet_city;
create policy sealer on ledger_tombstone for select to ansimnet_sealer using (true);
grant select on ledger_tombstone to ansimnet_sealer;
create trigger append_only before update or delete on ledger_tombstone
    for each row execute function ledger_refuse_change();
create trigger never_truncated before truncate on ledger_tombstone
    for each statement execute function ledger_refuse_change();
