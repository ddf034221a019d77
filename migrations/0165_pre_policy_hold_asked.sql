-- Lifting a hold, and keeping it beyond ninety days, is asked for by one person and confirmed by another (CC-04).
alter table policy_hold
    add column asked_change text check (asked_change in ('release', 'renewal')),
    add column asked_by uuid references policy_account,
    add column asked_at timestamptz,
    add column asked_until_at timestamptz,
    add column asked_sealed bytea,
    add check (num_nulls(asked_change, asked_by, asked_at, asked_sealed) in (0, 4)),
    add check ((asked_change is not distinct from 'renewal') = (asked_until_at is not null)),
    add check (released_by is distinct from asked_by or released_by is null);
comment on column policy_hold.asked_by is 'Who asked for the change that another person confirms; stays with a release as who asked for it.';
