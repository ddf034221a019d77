-- The roles of every agency, and what ties an account to the persons, files and places it answers for.

alter table policy_account drop constraint policy_account_role_check;
alter table policy_account add constraint policy_account_role_check
    check (role in ('tracking_controller', 'centre_operator', 'probation_officer', 'police_112', 'field_unit', 'victim',
                    'auditor', 'administrator', 'shift_lead', 'office_director', 'court_clerk', 'fire_119',
                    'disaster_room', 'investigator', 'guard_firm', 'wearer', 'committee_member', 'counsellor',
                    'shelter_staff', 'facility_manager', 'scout', 'friend', 'juror', 'monitor', 'analyst', 'neighbour',
                    'citizen', 'privacy_officer'));
alter table policy_account drop constraint policy_account_check;
alter table policy_account add constraint policy_account_check
    check ((role in ('victim', 'field_unit', 'wearer', 'citizen', 'neighbour', 'friend')) = (subject_id is not null));

create table policy_relation (
    relation_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    relation text not null check (relation in ('own-wearer', 'own-client', 'todays-session', 'own-case', 'own-resident',
                                               'own-facility', 'own-booking', 'shared-trip', 'assigned-area',
                                               'trained')),
    resources uuid[],
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    ended_at timestamptz,
    check ((resources is null) = (relation = 'trained'))
);
comment on table policy_relation is 'What ties an account to what it answers for: assigned wearers, a client, a session.';
comment on column policy_relation.resources is 'The ids it covers; null where the tie is to none (training).';
call tenant_table('policy_relation');
create index policy_relation_account on policy_relation (account_id) where ended_at is null;

alter table policy_question add column policy_version text;
comment on column policy_question.policy_version is 'Which version of the table answered: its name and checksum.';
