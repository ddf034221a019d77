-- The approved search whose route an export is of, and the step of that search that asked for it.
alter table footage_export
    add column search_id uuid,
    add column search_step int check (search_step > 0),
    add constraint footage_export_of_a_step check ((search_id is null) = (search_step is null));
comment on column footage_export.search_id is 'Its steps stand on the ledger; the export carries their entries in its proof.';

-- Tracing says here that a step of a search lets copies of its route be asked for: ids alone, no place and no time of it.
create table footage_route (
    centre_id uuid not null,
    search_id uuid not null,
    step int not null check (step > 0),
    offered_to uuid not null,
    offered_at timestamptz not null,
    primary key (centre_id, search_id, step)
);
comment on table footage_route is 'A step of a search that lets its asker ask for copies of the route.';
call tenant_table('footage_route');
