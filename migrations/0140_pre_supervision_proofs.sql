-- What an alarm and its confirmation were decided from, whole: the condition as it bound then, the medical stays told,
-- what was believed before. Sealed under the wearer's key, since a condition tells where somebody lives.

alter table supervision_alarm add column raised_proof bytea, add column sure_proof bytea;
comment on column supervision_alarm.raised_proof is
    'What it was raised from (JSON), under the wearer''s key: judged again, it gives the same fact bit for bit.';
comment on column supervision_alarm.sure_proof is 'The same of its confirmation.';
