-- A warning may come from the camera at her door.

alter table protection_warning drop constraint protection_warning_level_check;
alter table protection_warning add constraint protection_warning_level_check
    check (level in ('probable', 'certain', 'medical', 'cannot_vouch', 'home', 'over', 'cleared')) not valid;

create table protection_home_keeper (
    centre_id uuid primary key,
    keeper_id uuid not null,
    beat_at timestamptz not null
);
comment on table protection_home_keeper is 'Which process of the server keeps the doors'' processes; one at a time.';
call tenant_table('protection_home_keeper');
