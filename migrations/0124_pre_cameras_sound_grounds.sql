-- Where, why and until when a camera's sound may be listened to; nothing heard is kept anywhere.

create table camera_sound_ground (
    centre_id uuid not null,
    ground_id uuid primary key,
    camera_id uuid not null,
    clause text not null check (length(clause) between 1 and 200),
    decision text not null check (length(decision) between 1 and 200),
    assessed_on date not null,
    sign_on date not null,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    noted_by uuid not null,
    noted_at timestamptz not null,
    ended_at timestamptz,
    ended_by uuid
);
comment on table camera_sound_ground is 'A site''s own ground to tell kinds of sound in memory; without one a camera''s sound is never set up.';
comment on column camera_sound_ground.decision is 'The document that decided it, by its number: never its text.';
comment on column camera_sound_ground.assessed_on is 'Date of the privacy impact assessment that covers it.';
comment on column camera_sound_ground.sign_on is 'Since when the sign at the camera says so (PIPA 25(4)).';
call tenant_table('camera_sound_ground');
create index camera_sound_ground_camera on camera_sound_ground (centre_id, camera_id) where ended_at is null;
