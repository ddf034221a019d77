-- 관할: which office is competent for whom. An officer or director of another office has no part in them.

create table policy_competence (
    resource_id uuid primary key,
    centre_id uuid not null,
    office text not null check (length(office) between 1 and 100),
    since timestamptz not null
);
comment on table policy_competence is 'The office (보호관찰소) a wearer belongs to, told by whoever registers; the register itself stays with its slice.';
call tenant_table('policy_competence');
create index policy_competence_office on policy_competence (centre_id, office);
