-- Places that tell where somebody lives are sealed: a wearer's zones, a protected person's registered place.
-- What people typed (labels, reasons, notes, order numbers) is sealed in its text columns, `sealed:` and base64.

alter table supervision_condition add column zone_sealed bytea;
comment on column supervision_condition.zone_sealed is
    'Ring, or centre and radius (JSON), under the wearer''s key. The open columns hold rows from before.';
alter table supervision_condition drop constraint supervision_condition_check3;
alter table supervision_condition add constraint supervision_condition_has_zone
    check (trigger = 'approach' or zone_sealed is not null or ring is not null
           or (centre_lat is not null and radius_m is not null));

alter table supervision_protected add column place_sealed bytea;
comment on column supervision_protected.place_sealed is
    'Her registered place (JSON), under her key. The open columns hold rows from before.';

comment on column supervision_wearer.order_number is 'Sealed under the wearer''s key.';
comment on column supervision_condition.label is 'Sealed under the wearer''s key.';
comment on column supervision_exception.reason is 'Sealed under the wearer''s key.';
comment on column supervision_alarm.finding_note is 'Sealed under the wearer''s key.';
comment on column policy_ground.reason is 'Sealed under a key of the ground.';
comment on column policy_ground.ended_reason is 'One of the program''s words, or a person''s, sealed under a key of the ground.';
comment on column policy_permit.revoked_reason is 'One of the program''s words, or a person''s, sealed under a key of the centre.';
comment on column notifications_address.digest is
    'HMAC-SHA-256 of the address under a key of the centre that is not in the database, so that the same one is kept once.';
