-- What a former installation told of supervision, taken over with its history: facts that are on its own ledger, whose
-- chain stays there. Nobody follows these rows; they prove old alarms and are handed on whole.

create table supervision_moved_fact (
    fact_id uuid primary key,
    centre_id uuid not null references centre,
    kind text not null,
    happened_at timestamptz not null,
    actor text not null,
    subject_id uuid not null,
    fact_sealed bytea not null
);
comment on column supervision_moved_fact.subject_id is 'Whom the fact is about; the centre itself where it is about nobody.';
comment on column supervision_moved_fact.fact_sealed is 'The whole fact (JSON), under its subject''s key.';
call tenant_table('supervision_moved_fact');
revoke update on supervision_moved_fact from ansimnet_tracking, ansimnet_city;
grant update (fact_sealed) on supervision_moved_fact to ansimnet_tracking;

create table supervision_move (
    move_id uuid primary key,
    centre_id uuid not null references centre,
    moved_at timestamptz not null,
    sha256 text not null check (length(sha256) = 64),
    rows bigint not null
);
comment on table supervision_move is 'Which histories were taken over, by their hash. Not part of a history itself.';
call tenant_table('supervision_move');
revoke update, delete on supervision_move from ansimnet_tracking, ansimnet_city;
