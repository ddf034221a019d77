-- People at desks: their keys and second factors, the sessions they can see, and a code instead of a chosen password.

alter table policy_account
    add column office text check (length(office) between 1 and 80),
    add column last_signed_in_at timestamptz;
comment on column policy_account.office is 'The office of a probation officer, the district of a unit; never a place of work of a person.';

alter table policy_session
    add column method text not null default 'password'
        check (method in ('password', 'password+totp', 'password+recovery', 'passkey', 'oidc', 'code')),
    add column proved_until timestamptz,
    add column enrol_only boolean not null default false,
    add column previous_at timestamptz;
comment on column policy_session.proved_until is 'Until when the holder counts as having just proved who it is (step-up).';
comment on column policy_session.enrol_only is 'A second factor is required and missing: this session may only add one.';
comment on column policy_session.previous_at is 'When the account had signed in before, as its holder is shown.';

create table policy_passkey (
    passkey_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    credential_id bytea not null unique,
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    name text not null check (length(name) between 1 and 40),
    backed_up boolean not null,
    created_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    revoked_reason text
);
comment on table policy_passkey is 'Public keys of authenticators (WebAuthn). Nothing here signs in: the private half never leaves the device.';
call tenant_table('policy_passkey');
create index policy_passkey_account on policy_passkey (account_id) where revoked_at is null;

create table policy_challenge (
    challenge_sha256 bytea primary key,
    centre_id uuid not null,
    kind text not null check (kind in ('register', 'sign_in', 'step_up', 'oidc')),
    account_id uuid,
    bound_sha256 bytea,
    expires_at timestamptz not null
);
comment on table policy_challenge is 'Questions that one answer may use up; deleted as they are answered.';
comment on column policy_challenge.bound_sha256 is 'Fingerprint of what the same browser must show again (single sign-on).';
call tenant_table('policy_challenge');
create index policy_challenge_expires on policy_challenge (expires_at);

create table policy_totp (
    account_id uuid primary key references policy_account,
    centre_id uuid not null,
    sealed bytea not null,
    last_step bigint not null default 0,
    created_at timestamptz not null,
    confirmed_at timestamptz
);
comment on column policy_totp.sealed is 'The secret, AES-256-GCM under the account''s own key outside the database.';
comment on column policy_totp.last_step is 'The last 30-second step whose code was taken: no code opens twice.';
call tenant_table('policy_totp');

create table policy_recovery_code (
    code_sha256 bytea primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    issued_at timestamptz not null,
    used_at timestamptz
);
comment on table policy_recovery_code is 'Fingerprints of 80 random bits each; one opens once, in place of the second factor.';
call tenant_table('policy_recovery_code');
create index policy_recovery_code_account on policy_recovery_code (account_id) where used_at is null;

create table policy_identity (
    identity_sha256 bytea not null,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    issuer text not null,
    bound_at timestamptz not null,
    bound_by uuid not null,
    ended_at timestamptz
);
comment on table policy_identity is 'Which subject of the city''s single sign-on is which account: SHA-256 of issuer and subject, never the subject.';
call tenant_table('policy_identity');
create unique index policy_identity_one on policy_identity (centre_id, identity_sha256) where ended_at is null;
create unique index policy_identity_account on policy_identity (account_id, issuer) where ended_at is null;
