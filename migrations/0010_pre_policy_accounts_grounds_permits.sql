-- Accounts, sessions, grounds, permits, tickets: who may see a person, why, and until when.

create table policy_account (
    account_id uuid primary key,
    centre_id uuid not null,
    login text not null check (login = lower(login) and length(login) between 2 and 64),
    password_hash text,
    role text not null check (role in ('tracking_controller', 'centre_operator', 'probation_officer', 'police_112',
                                       'field_unit', 'victim', 'auditor', 'administrator')),
    display text not null,
    subject_id uuid,
    created_at timestamptz not null,
    disabled_at timestamptz,
    unique (centre_id, login),
    check ((role in ('victim', 'field_unit')) = (subject_id is not null))
);
comment on column policy_account.password_hash is 'argon2id; null for a phone, which signs in by a one-time code.';
comment on column policy_account.subject_id is 'The protected person of a victim''s phone, the unit of a unit''s phone.';
call tenant_table('policy_account');

create table policy_session (
    session_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    token_sha256 bytea not null unique,
    kind text not null check (kind in ('desk', 'phone')),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    idle_s integer not null check (idle_s > 0),
    expires_at timestamptz not null,
    address text not null,
    agent text not null,
    ended_at timestamptz
);
comment on column policy_session.address is 'The network part alone (/24 or /48).';
comment on column policy_session.agent is 'The family of the device alone; a phone''s session is bound to it.';
call tenant_table('policy_session');
create index policy_session_account on policy_session (account_id) where ended_at is null;

create table policy_attempt (
    centre_id uuid not null,
    key_sha256 bytea not null,
    failures integer not null,
    free_at timestamptz not null,
    last_at timestamptz not null,
    primary key (centre_id, key_sha256)
);
comment on table policy_attempt is 'Attempts to sign in per login and per address, for the growing pause between them.';
call tenant_table('policy_attempt');

create table policy_ground (
    ground_id uuid primary key,
    centre_id uuid not null,
    kind text not null check (kind in ('statute', 'trigger', 'order', 'consent', 'vital_interest')),
    statute text not null check (statute <> ''),
    trigger text,
    resources uuid[],
    about uuid[] not null,
    parties uuid[] not null,
    for_centre uuid,
    account_id uuid,
    reason text,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    extensions integer not null default 0,
    hidden_until_at timestamptz,
    granted_at timestamptz not null,
    ended_at timestamptz,
    ended_reason text,
    -- There is no fifth trigger, and no other ground can name one.
    check (case when kind = 'trigger' then trigger in ('tamper', 'curfew', 'exclusion_zone', 'approach')
                else trigger is null end),
    -- Each provision cites its clause, and a trigger or a break-glass always has a scope.
    check (kind <> 'trigger' or statute in ('PIPA 18(2)3', 'PIPA 18(2)7')),
    check (kind not in ('trigger', 'vital_interest') or resources is not null),
    check (kind <> 'vital_interest' or (account_id is not null and for_centre is null))
);
comment on column policy_ground.hidden_until_at is 'Where a law delays disclosure: until then no look under it is shown.';
call tenant_table('policy_ground');
create index policy_ground_alive on policy_ground (centre_id, until_at) where ended_at is null;
create index policy_ground_about on policy_ground using gin (about);

create table policy_permit (
    permit_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null,
    home_centre uuid not null,
    role text not null,
    purpose text not null,
    ground_id uuid not null,
    ground_kind text not null,
    cites text[] not null,
    acts text[] not null,
    resources uuid[],
    not_after timestamptz not null,
    masking text not null check (masking in ('masked', 'marked', 'original')),
    marked_tracks jsonb not null default '{}',
    holder text not null,
    screen text not null,
    granted_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
);
comment on column policy_permit.account_id is 'No foreign key: a guest''s account lives in its own centre.';
comment on column policy_permit.ground_id is 'No foreign key: a standing duty is a line of the table, not a row.';
call tenant_table('policy_permit');
create index policy_permit_ground on policy_permit (ground_id) where revoked_at is null;
create index policy_permit_account on policy_permit (account_id) where revoked_at is null;
create index policy_permit_resources on policy_permit using gin (resources);

create table policy_question (
    question_id uuid primary key,
    centre_id uuid not null,
    asked_at timestamptz not null,
    account_id uuid,
    home_centre uuid not null,
    role text not null,
    act text not null,
    purpose text not null,
    resources uuid[],
    ground_id uuid,
    allowed boolean not null,
    reasons text[] not null,
    cites text[] not null,
    permit_id uuid references policy_permit
);
comment on table policy_question is 'Each question with its answer, as the ledger has it, for those who ask who looked.';
call tenant_table('policy_question');
create index policy_question_resources on policy_question using gin (resources);
-- What was asked and answered is not rewritten here either.
revoke update, delete on policy_question from ansimnet_tracking, ansimnet_city;

create table policy_ticket (
    ticket_sha256 bytea primary key,
    centre_id uuid not null,
    permit_id uuid not null references policy_permit,
    resource uuid not null,
    extras jsonb not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
call tenant_table('policy_ticket');
create index policy_ticket_expires on policy_ticket (expires_at);

create table policy_enrol_code (
    code_sha256 bytea primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table policy_enrol_code is 'One-time codes that turn a phone into the phone of one person or one unit.';
call tenant_table('policy_enrol_code');
