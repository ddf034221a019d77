-- Who looked at the lookers: months folded from the ledger, reviews, questions of the people looked at, downloads, releases.

create table policy_seat_month (
    centre_id uuid not null,
    month date not null,
    account_id uuid not null,
    role text not null,
    days jsonb not null,
    hours integer[] not null check (cardinality(hours) = 24),
    looks integer not null check (looks >= 0),
    refused integer not null check (refused >= 0),
    alone integer not null check (alone >= 0),
    primary key (centre_id, month, account_id)
);
comment on table policy_seat_month is 'How a seat looked in a month, as counts: what the next months are compared with.';
call tenant_table('policy_seat_month');

create table policy_review (
    review_id uuid primary key,
    centre_id uuid not null,
    month date not null check (extract(day from month) = 1),
    state text not null check (state in ('running', 'draft', 'signed')),
    folded_at timestamptz not null,
    from_seq bigint not null,
    through_seq bigint not null,
    document text not null,
    sha256 bytea not null,
    signed_at timestamptz,
    signed_by uuid references policy_account,
    note text,
    unique (centre_id, month),
    check ((state = 'signed') = (signed_at is not null and signed_by is not null and note is not null))
);
comment on column policy_review.document is 'Canonical JSON, whose hash stands on the ledger. Seats, roles and ids; no name.';
call tenant_table('policy_review');
revoke delete on policy_review from ansimnet_tracking, ansimnet_city;

create table policy_judgement (
    judgement_id uuid primary key,
    centre_id uuid not null,
    about text not null check (about ~ '^(entry:[0-9]+|anomaly:[0-9a-f]{16})$'),
    finding text not null check (finding in ('fine', 'ask', 'raise')),
    note text,
    judged_by uuid not null references policy_account,
    judged_at timestamptz not null
);
call tenant_table('policy_judgement');
create index policy_judgement_about on policy_judgement (centre_id, about, judged_at desc);
revoke update, delete on policy_judgement from ansimnet_tracking, ansimnet_city;

create table policy_complaint (
    complaint_id uuid primary key,
    centre_id uuid not null,
    question_id uuid not null references policy_question,
    account_id uuid not null references policy_account,
    asked_at timestamptz not null,
    words_sealed bytea not null,
    key_year integer not null,
    answered_at timestamptz,
    answered_by uuid references policy_account,
    answer_sealed bytea,
    unique (account_id, question_id),
    check ((answered_at is null) = (answered_by is null and answer_sealed is null))
);
comment on table policy_complaint is 'A look that the person looked at asked about; the words are under the complaint''s own key.';
call tenant_table('policy_complaint');
create index policy_complaint_open on policy_complaint (centre_id, asked_at) where answered_at is null;

create table policy_download (
    download_id uuid primary key,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    role text not null,
    what text not null check (what in ('looks', 'ledger', 'review')),
    chosen jsonb not null,
    rows integer not null check (rows >= 0),
    sha256 bytea not null,
    reason_kind text not null check (reason_kind in ('audit', 'request_of_person', 'investigation', 'statistics', 'court')),
    reason text not null check (length(btrim(reason)) >= 10),
    made_at timestamptz not null
);
comment on column policy_download.reason is 'Safeguards standard §8: the reason of each download is on file and is checked monthly.';
call tenant_table('policy_download');
revoke update, delete on policy_download from ansimnet_tracking, ansimnet_city;

create table policy_acquaintance (
    account_id uuid not null references policy_account,
    centre_id uuid not null,
    person_id uuid not null,
    declared_at timestamptz not null,
    ended_at timestamptz,
    primary key (account_id, person_id)
);
comment on table policy_acquaintance is 'People whom an account''s holder knows outside the work, as he declared. No kinship, no name.';
call tenant_table('policy_acquaintance');

create table policy_release (
    release_id uuid primary key,
    centre_id uuid not null,
    month date not null check (extract(day from month) = 1),
    published_at timestamptz not null,
    document text not null,
    sha256 bytea not null,
    unique (centre_id, month)
);
comment on table policy_release is 'A month as everybody may read it: counts with small cells blank. Published once, never changed.';
call tenant_table('policy_release');
revoke update, delete on policy_release from ansimnet_tracking, ansimnet_city;
