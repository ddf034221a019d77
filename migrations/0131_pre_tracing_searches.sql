-- Searches across cameras: each rests on one request that a second person approves. What it is about lies sealed.

create table tracing_search (
    centre_id uuid not null,
    search_id uuid primary key,
    request_id uuid not null unique,
    asked_by uuid not null,
    missing boolean not null,
    asked_at timestamptz not null,
    until_at timestamptz not null check (until_at > asked_at),
    subject_sealed bytea,
    ended_at timestamptz,
    ended_why text,
    destroyed_at timestamptz,
    check ((ended_at is null) = (ended_why is null)),
    check (destroyed_at is null or (ended_at is not null and subject_sealed is null))
);
comment on column tracing_search.missing is 'A missing child, or a person with dementia: a ground of its own.';
comment on column tracing_search.subject_sealed is 'Attributes, as corrected: JSON under the request''s key.';
call tenant_table('tracing_search');
create index tracing_search_mine on tracing_search (centre_id, asked_by, asked_at desc);
create index tracing_search_open on tracing_search (centre_id, until_at) where ended_at is null;

create table tracing_candidate (
    centre_id uuid not null,
    candidate_id uuid primary key,
    search_id uuid not null references tracing_search on delete cascade,
    request_id uuid not null,
    found_at timestamptz not null,
    candidate_sealed bytea not null,
    verdict text check (verdict in ('him', 'not_him')),
    judged_at timestamptz,
    check ((verdict is null) = (judged_at is null))
);
comment on column tracing_candidate.candidate_sealed is 'Camera, times and reasons: JSON under the request''s key.';
call tenant_table('tracing_candidate');
create index tracing_candidate_search on tracing_candidate (search_id, found_at);

create table tracing_hop (
    centre_id uuid not null,
    hop_id uuid primary key,
    search_id uuid not null references tracing_search on delete cascade,
    number int not null check (number > 0),
    permit_id uuid not null,
    made_at timestamptz not null,
    unique (search_id, number)
);
comment on table tracing_hop is 'One step of a search: cameras looked at, or a candidate judged. Each is a line of the ledger.';
call tenant_table('tracing_hop');
