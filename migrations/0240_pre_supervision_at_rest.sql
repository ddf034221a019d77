-- Who is asked of with every batch of fixes: whoever an open notice is about, and not whoever is at rest and only
-- remembers that an alarm was taken back.

create index supervision_notice_open_protected on supervision_notice (protected_person_id)
    where ended_at is null and protected_person_id is not null;
drop index supervision_notice_open_device;

alter table supervision_watch add column rests_since timestamptz;
comment on column supervision_watch.rests_since is
    'At rest but for an alarm that was taken back or judged then, which is remembered for some days; null: not at rest.';
