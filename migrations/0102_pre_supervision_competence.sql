-- Wearers who were registered before competence was kept belong to the office that stands in their register.
-- For the length of this file the owner of the tables sees the rows of both centres.

alter table supervision_wearer no force row level security;
alter table policy_competence no force row level security;
insert into policy_competence (resource_id, centre_id, office, since)
select wearer_id, centre_id, office, registered_at from supervision_wearer
on conflict (resource_id) do nothing;
alter table policy_competence force row level security;
alter table supervision_wearer force row level security;
