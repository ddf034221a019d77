-- Where in the picture verdicts were given, and why an alarm was held.
alter table vision_verdict
    add column x real not null default 0.5 check (x between 0 and 1),
    add column y real not null default 1.0 check (y between 0 and 1);
comment on column vision_verdict.x is 'Middle of the lower edge of the box, parts of the picture: a tree stands where it stands.';
alter table vision_alarm
    add column held_why text check (held_why in ('budget', 'improbable')),
    add constraint vision_alarm_held check (held = (held_why is not null));
