-- A citizen who was asked to show a scene: a phone for one incident, without a name.

create table footage_scene_guest (
    centre_id uuid not null,
    guest_id uuid primary key,
    account_id uuid not null,
    incident_id uuid not null,
    asked_by uuid not null,
    asked_at timestamptz not null,
    until_at timestamptz not null,
    ended_at timestamptz,
    check (asked_at < until_at)
);
comment on table footage_scene_guest is 'Who was asked to show an incident with a phone of their own: an account without a name, gone with its end.';
call tenant_table('footage_scene_guest');
create index footage_scene_guest_incident on footage_scene_guest (centre_id, incident_id) where ended_at is null;

alter table footage_uplink rename column protected_person_id to bearer_id;
comment on column footage_uplink.bearer_id is 'Whose phone it is: a protected person''s id, or a guest''s.';
