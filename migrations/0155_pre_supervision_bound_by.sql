-- Batches are judged as rows of numbers. What binds a person is remembered by each process that judges, and is true as
-- long as `bound_by` is the same; whatever changes it draws that anew, under the person's lock of judging.

alter table supervision_person add column bound_by uuid not null default gen_random_uuid();
comment on column supervision_person.bound_by is
    'Drawn anew whenever a condition, device, order or place that bears on this person changes; of this installation alone.';
comment on column supervision_person.estimate is
    'Ids of device and fix (16 bytes each), then 22 numbers as in rules/motion.py (IEEE 754, network order).';
comment on table supervision_watch is 'What the rules remember of conditions that are not quiet.';

-- For the length of these two statements the owner of the tables sees the rows of both centres.
alter table supervision_person no force row level security;
alter table supervision_watch no force row level security;
delete from supervision_watch where state = 'clear';
update supervision_person p set estimate = uuid_send((e->>'device_id')::uuid) || uuid_send((e->>'fix_id')::uuid)
    || float8send(extract(epoch from (e->>'at')::timestamptz)::float8)
    || float8send((e->>'lat')::float8) || float8send((e->>'lon')::float8)
    || float8send((e->>'v_east')::float8) || float8send((e->>'v_north')::float8)
    || float8send((e->>'pp')::float8) || float8send((e->>'pv')::float8) || float8send((e->>'vv')::float8)
    || float8send((e->>'pace_mps')::float8)
    || float8send(coalesce((e->>'rest_lat')::float8, 0)) || float8send(coalesce((e->>'rest_lon')::float8, 0))
    || float8send(coalesce((e->>'rest_pp')::float8, 0)) || float8send(coalesce((e->>'rest')::float8, 0))
    || float8send(coalesce(extract(epoch from (e->'suspect'->>'at')::timestamptz)::float8, 0))
    || float8send(coalesce((e->'suspect'->>'lat')::float8, 0))
    || float8send(coalesce((e->'suspect'->>'lon')::float8, 0))
    || float8send(coalesce((e->'suspect'->>'variance_m2')::float8, 0))
    || float8send(coalesce((e->>'suspects')::float8, 0))
    || float8send(coalesce((e->>'last_lat')::float8, 0)) || float8send(coalesce((e->>'last_lon')::float8, 0))
    || float8send(coalesce((e->>'last_variance_m2')::float8, 0)) || float8send(coalesce((e->>'alike')::float8, 0))
from (select person_id, convert_from(estimate, 'UTF8')::jsonb as e from supervision_person where estimate is not null) o
where p.person_id = o.person_id;
alter table supervision_watch force row level security;
alter table supervision_person force row level security;

-- Each of these rows is written with every fix: room on its page keeps its indexes out of it.
alter table supervision_person set (fillfactor = 40);
alter table supervision_device set (fillfactor = 40);
create index supervision_alarm_open_protected on supervision_alarm (protected_person_id) where closed_at is null;
create index supervision_notice_open_device on supervision_notice (device_id) where ended_at is null;

create function supervision_rebind(ids uuid[]) returns void
    language plpgsql set search_path = public, pg_temp
    as $$
begin
    perform from supervision_person where person_id = any(ids) order by person_id for update;
    update supervision_person set bound_by = gen_random_uuid() where person_id = any(ids);
end
$$;

create function supervision_rebound() returns trigger
    language plpgsql set search_path = public, pg_temp
    as $$
begin
    case tg_table_name
        when 'supervision_wearer' then
            perform supervision_rebind(array[new.wearer_id]);
        when 'supervision_protected' then
            perform supervision_rebind(array(
                select new.protected_person_id union select wearer_id from supervision_condition
                where protected_person_id = new.protected_person_id and ended_at is null));
        when 'supervision_device' then
            perform supervision_rebind(array[new.wearer_id, new.protected_person_id]
                || case when tg_op = 'UPDATE' then array[old.wearer_id, old.protected_person_id] end);
        when 'supervision_condition' then
            perform supervision_rebind(array[new.wearer_id, new.protected_person_id]);
        else
            perform supervision_rebind(array(
                select unnest(array[wearer_id, protected_person_id]) from supervision_condition
                where condition_id = new.condition_id));
    end case;
    return null;
end
$$;
create trigger rebound after update of order_from_at, order_until_at on supervision_wearer
    for each row execute function supervision_rebound();
create trigger rebound after insert or update on supervision_protected
    for each row execute function supervision_rebound();
create trigger rebound after insert or update of name, wearer_id, protected_person_id, key_sha256 on supervision_device
    for each row execute function supervision_rebound();
create trigger rebound after insert or update on supervision_condition
    for each row execute function supervision_rebound();
create trigger rebound after insert or update on supervision_exception
    for each row execute function supervision_rebound();
