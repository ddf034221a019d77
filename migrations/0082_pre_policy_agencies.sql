-- Agencies with their purposes and grounds, the agreements between them and a centre, the keys of their machines, who may
-- view a centre's footage, and the registry of centres.

create table policy_agency (
    agency_id uuid primary key,
    centre_id uuid not null,
    kind text not null check (kind in ('police_112', 'fire_119', 'telecom', 'private_security', 'guard_firm',
                                       'moj_tracking', 'probation_office', 'prosecution', 'court', 'disaster_room',
                                       'city_centre', 'district_centre', 'victim_support')),
    name text not null check (length(name) between 1 and 80),
    name_en text not null check (length(name_en) between 1 and 80),
    purposes text[] not null check (cardinality(purposes) > 0),
    grounds text[] not null check (cardinality(grounds) > 0),
    needs_agreement boolean not null,
    relay_url text,
    registered_at timestamptz not null,
    ended_at timestamptz,
    unique (centre_id, kind, name)
);
comment on table policy_agency is 'Whom a centre works with: each for purposes of its own, under clauses of its own.';
comment on column policy_agency.relay_url is 'Where reported alarms are posted to it, sealed in our database until then; null: nowhere.';
call tenant_table('policy_agency');

alter table policy_account add column agency_id uuid references policy_agency;
comment on column policy_account.agency_id is 'The agency the account acts for; null is the centre itself.';
create index policy_account_agency on policy_account (agency_id) where agency_id is not null;

create table policy_agreement (
    agreement_id uuid primary key,
    centre_id uuid not null,
    agency_id uuid not null references policy_agency,
    title text not null check (length(title) between 1 and 120),
    parties text[] not null check (cardinality(parties) >= 2),
    signed_on date not null,
    purposes text[] not null check (cardinality(purposes) > 0),
    acts text[],
    resources uuid[],
    districts text[] not null,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    renews uuid references policy_agreement,
    registered_by uuid not null,
    registered_at timestamptz not null,
    ended_at timestamptz,
    ended_by uuid,
    ended_reason text,
    told_end_at timestamptz
);
comment on table policy_agreement is '협약: parties, date, purpose, scope and end. Null acts or resources: all that the table of rules gives the agency.';
comment on column policy_agreement.told_end_at is 'When its end was acted on: permits revoked, sessions ended, the fact told.';
call tenant_table('policy_agreement');
revoke delete on policy_agreement from ansimnet_tracking, ansimnet_city;
create index policy_agreement_agency on policy_agreement (agency_id, until_at desc);
create index policy_agreement_running on policy_agreement (centre_id, until_at) where told_end_at is null;

create table policy_agency_key (
    key_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    kind text not null check (kind in ('ed25519', 'mtls')),
    public_key bytea,
    fingerprint bytea not null check (length(fingerprint) = 32),
    name text not null check (length(name) between 1 and 80),
    registered_by uuid not null,
    registered_at timestamptz not null,
    until_at timestamptz not null check (until_at > registered_at),
    used_at timestamptz,
    ended_at timestamptz,
    ended_reason text,
    check ((kind = 'ed25519') = (public_key is not null))
);
comment on table policy_agency_key is 'Public keys, and fingerprints of client certificates, by which a machine of an agency signs in to every request.';
call tenant_table('policy_agency_key');
create unique index policy_agency_key_fingerprint on policy_agency_key (centre_id, fingerprint) where ended_at is null;
create index policy_agency_key_account on policy_agency_key (account_id);

create table policy_machine_nonce (
    centre_id uuid not null,
    key_id uuid not null references policy_agency_key,
    nonce_sha256 bytea not null,
    expires_at timestamptz not null,
    primary key (centre_id, key_id, nonce_sha256)
);
comment on table policy_machine_nonce is 'Signed requests that came already; a second one with the same nonce is refused.';
call tenant_table('policy_machine_nonce');
create index policy_machine_nonce_expires on policy_machine_nonce (expires_at);

create table policy_footage_right (
    account_id uuid primary key references policy_account,
    centre_id uuid not null,
    how text not null check (how in ('joining', 'granted')),
    granted_at timestamptz not null,
    granted_by uuid,
    reason text,
    certified_at timestamptz not null,
    certified_by uuid,
    used_at timestamptz,
    suspended_at timestamptz,
    suspended_because text check (suspended_because in ('not-certified', 'unused', 'by-hand', 'over-limit')),
    ended_at timestamptz,
    ended_because text,
    check ((suspended_at is null) = (suspended_because is null))
);
comment on table policy_footage_right is 'Who may view this centre''s footage at all, one by one (CC-03); what they may view is still a permit''s matter.';
call tenant_table('policy_footage_right');
revoke delete on policy_footage_right from ansimnet_tracking, ansimnet_city;

create table policy_footage_limit (
    centre_id uuid primary key,
    most integer not null check (most between 1 and 10000),
    reason text not null,
    decided_by uuid not null,
    decided_at timestamptz not null
);
comment on table policy_footage_limit is 'How many people a centre lets view its footage: the least it can work with.';
call tenant_table('policy_footage_limit');

create table policy_centre (
    member_id uuid primary key,
    centre_id uuid not null,
    name text not null check (length(name) between 1 and 80),
    municipality text not null check (length(municipality) between 1 and 80),
    since date not null,
    agency_id uuid references policy_agency,
    registered_at timestamptz not null,
    heard_at timestamptz,
    skew_ms integer,
    refused integer not null default 0,
    refused_at timestamptz,
    refused_because text,
    ended_at timestamptz,
    unique (centre_id, municipality, name)
);
comment on table policy_centre is 'The centres of the country as this one knows them: since when, and how the link to each is.';
call tenant_table('policy_centre');
create index policy_centre_agency on policy_centre (agency_id);
