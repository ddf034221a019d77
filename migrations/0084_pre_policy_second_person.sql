-- A second person, court orders, break-glass with its justification, and holds.

-- What a ground opens can be narrower than the table, and some acts open under an approved request alone.
alter table policy_ground add column acts text[];
alter table policy_ground add column request_id uuid;
alter table policy_ground add constraint policy_ground_second_person check (
    request_id is not null or acts is null
    or not acts && array['search_person', 'read_disclosure', 'manage_watchlist']
);
comment on column policy_ground.acts is 'The only acts it opens; null leaves that to the table.';
comment on column policy_ground.request_id is 'The request a second person approved, or an urgent one that awaits it.';

create table policy_request (
    request_id uuid primary key,
    centre_id uuid not null,
    kind text not null check (kind in ('search', 'disclosure', 'unmask', 'shelter_address', 'watch_list')),
    asked_by uuid not null references policy_account,
    asked_role text not null,
    asked_at timestamptz not null,
    purpose text not null,
    ground_kind text not null check (ground_kind in ('statute', 'order', 'consent')),
    statute text not null check (statute <> ''),
    order_id uuid,
    resources uuid[] not null check (cardinality(resources) > 0),
    urgent boolean not null,
    answer_by timestamptz not null check (answer_by > asked_at),
    until_at timestamptz not null check (until_at > asked_at),
    sealed bytea,
    key_year integer not null,
    state text not null check (state in ('waiting', 'approved', 'refused', 'withdrawn', 'expired', 'rejected')),
    ground_id uuid,
    decided_by uuid references policy_account,
    decided_role text,
    decided_at timestamptz,
    answer_sealed bytea,
    destroyed_at timestamptz,
    court_sealed_at timestamptz,
    -- Nobody is his own second person.
    check (state not in ('approved', 'refused') or decided_by <> asked_by),
    check (state not in ('approved', 'refused') or (decided_by is not null and decided_at is not null)),
    check (kind <> 'disclosure' or ground_kind = 'order'),
    check (ground_kind <> 'order' or order_id is not null),
    check (destroyed_at is null or (sealed is null and answer_sealed is null))
);
comment on column policy_request.sealed is 'Description, case, area, reason: JSON under the request''s own key.';
comment on column policy_request.court_sealed_at is 'Rejected under a hold: kept, and opened to a court alone.';
call tenant_table('policy_request');
create index policy_request_open on policy_request (centre_id, answer_by) where state = 'waiting';

create table policy_output (
    request_id uuid not null references policy_request,
    centre_id uuid not null,
    kind text not null check (kind <> ''),
    ref uuid not null,
    registered_at timestamptz not null,
    destroyed_at timestamptz,
    primary key (request_id, kind, ref)
);
comment on table policy_output is 'What came out of a request and must go with it.';
call tenant_table('policy_output');

create table policy_same_person (
    account_id uuid primary key references policy_account,
    centre_id uuid not null,
    person_id uuid not null
);
comment on table policy_same_person is 'Accounts known to be one human being''s: one of them cannot approve the other.';
call tenant_table('policy_same_person');

create table policy_order (
    order_id uuid primary key,
    centre_id uuid not null,
    issuer text not null check (issuer in ('court', 'prosecution')),
    statute text not null check (statute <> ''),
    opens text[] not null check (cardinality(opens) > 0),
    resources uuid[] not null check (cardinality(resources) > 0),
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    hidden_until_at timestamptz,
    sealed bytea not null,
    number_sha256 bytea not null,
    key_year integer not null,
    registered_by uuid not null references policy_account,
    registered_at timestamptz not null,
    confirmed_by uuid references policy_account,
    confirmed_at timestamptz,
    state text not null check (state in ('registered', 'in_force', 'withdrawn')),
    ended_by uuid references policy_account,
    ended_at timestamptz,
    ground_id uuid,
    check (confirmed_by is null or confirmed_by <> registered_by),
    check (state <> 'in_force' or confirmed_by is not null),
    unique (centre_id, issuer, number_sha256)
);
comment on column policy_order.sealed is 'Its number and reason: JSON under the order''s own key.';
comment on column policy_order.opens is 'The acts its ground opens; `disclosure` alone opens nothing before a request does.';
call tenant_table('policy_order');

create table policy_break_glass (
    ground_id uuid primary key references policy_ground,
    centre_id uuid not null,
    account_id uuid not null references policy_account,
    role text not null,
    resources uuid[] not null,
    opened_at timestamptz not null,
    until_at timestamptz not null,
    justify_by timestamptz not null,
    reason_sealed bytea not null,
    key_year integer not null,
    told_at timestamptz,
    unheard_at timestamptz,
    justified_at timestamptz,
    justification_sealed bytea,
    judged_by uuid references policy_account,
    judged_at timestamptz,
    accepted boolean,
    judgement_sealed bytea,
    reported_at timestamptz,
    check (judged_by is null or judged_by <> account_id),
    check ((accepted is null) = (judged_at is null)),
    check (judged_at is null or justified_at is not null)
);
comment on column policy_break_glass.told_at is 'When a privacy officer''s screen was first handed it.';
call tenant_table('policy_break_glass');
create index policy_break_glass_owed on policy_break_glass (centre_id, justify_by) where judged_at is null;

create table policy_hold (
    hold_id uuid primary key,
    centre_id uuid not null,
    resources uuid[] not null check (cardinality(resources) > 0),
    statute text not null check (statute <> ''),
    order_id uuid,
    sealed bytea not null,
    key_year integer not null,
    placed_by uuid not null references policy_account,
    placed_at timestamptz not null,
    until_at timestamptz not null check (until_at > placed_at),
    renewals integer not null default 0,
    released_at timestamptz,
    released_by uuid references policy_account
);
comment on table policy_hold is 'Who keeps what from being destroyed, under which ground and case, until when (CC-04).';
call tenant_table('policy_hold');
create index policy_hold_resources on policy_hold using gin (resources) where released_at is null;

create table policy_notice (
    notice_id uuid not null,
    centre_id uuid not null,
    ground_id uuid not null,
    resources uuid[] not null,
    statute text not null,
    square_sealed bytea,
    key_year integer not null,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    given_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    -- The giving centre and the city each keep it, also where they share a machine.
    primary key (centre_id, notice_id),
    check (ended_at is null or square_sealed is null)
);
comment on column policy_notice.square_sealed is 'The middle of a square at least 500 m wide; the place itself is never kept.';
call tenant_table('policy_notice');
