-- The queue before the seal, in the order in which entries came.

-- The sealer takes its next entries from the left end of this index: a batch costs the same however long the queue is, and
-- whatever was sealed before. Ordered by the entries' own instants it had to look at every waiting entry for each batch.
alter table ledger_pending drop constraint ledger_pending_pkey;
alter table ledger_pending add column place bigint generated always as identity primary key;
comment on column ledger_pending.place is 'Grows with each entry; facts of one transaction keep their order.';
-- Rows come and go within milliseconds. What they leave lies at the end where the sealer looks, so it is swept when there are
-- ten thousand; the file keeps its length, because cutting it would lock writers out.
alter table ledger_pending
    set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, vacuum_truncate = off);

-- The sealer is told after the commit, by whoever appended. A transaction that notifies takes one lock for the whole server
-- and keeps it until it is on disk: all commits with facts, and the sealer's own, stood in one line.
create or replace function ledger_entry_inserted() returns trigger
    language plpgsql security definer set search_path = public, pg_temp
    as $$
begin
    insert into ledger_pending (entry_id, centre_id) select entry_id, centre_id from fresh;
    return null;
end
$$;
