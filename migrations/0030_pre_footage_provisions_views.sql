-- Provisions of footage between centres, as each of the two sees them, and every look at a stream.

create table footage_provision (
    centre_id uuid not null,
    provision_id uuid not null,
    from_centre uuid not null,
    to_centre uuid not null,
    alarm_id uuid not null,
    subject_id uuid not null,
    wearer_id uuid,
    trigger text not null,
    statute text not null,
    state text not null check (state in ('requested', 'given', 'refused', 'ended')),
    reason text,
    ground_id uuid,
    requested_at timestamptz not null,
    answered_at timestamptz,
    not_after timestamptz,
    ended_at timestamptz,
    lat double precision,
    lon double precision,
    error_m real,
    speed_mps real,
    course_deg real,
    seen_at timestamptz,
    primary key (centre_id, provision_id),
    -- No picture without one of the four triggers, a clause, and an end.
    check (state <> 'given' or (trigger in ('tamper', 'curfew', 'exclusion_zone', 'approach') and statute <> ''
                                and not_after is not null and ground_id is not null)),
    -- What is over keeps no place.
    check (state in ('requested', 'given') or lat is null)
);
comment on table footage_provision is 'Both centres keep their own row: the asking one follows what the giving one decides.';
comment on column footage_provision.wearer_id is 'In the asking centre alone; the city never learns whom it is about.';
comment on column footage_provision.lat is 'Where the subject was last, while the provision is in force.';
call tenant_table('footage_provision');
create index footage_provision_open on footage_provision (centre_id, not_after) where state in ('requested', 'given');

create table footage_provision_camera (
    centre_id uuid not null,
    provision_id uuid not null,
    camera_id uuid not null,
    rank int,
    sees boolean not null default false,
    arrives_in_s real,
    added_at timestamptz not null,
    primary key (centre_id, provision_id, camera_id),
    foreign key (centre_id, provision_id) references footage_provision
);
comment on column footage_provision_camera.rank is 'Best first from 1; null once the rule no longer lists it (its permits stand until the end).';
call tenant_table('footage_provision_camera');

create table footage_alarm (
    centre_id uuid not null,
    alarm_id uuid not null,
    provision_id uuid,
    incident_id uuid,
    cleared boolean not null default false,
    primary key (centre_id, alarm_id)
);
comment on table footage_alarm is 'Which provision and which incident an alarm belongs to; in the asking centre alone.';
call tenant_table('footage_alarm');
create index footage_alarm_incident on footage_alarm (centre_id, incident_id);
create index footage_alarm_provision on footage_alarm (centre_id, provision_id);

create table footage_view (
    centre_id uuid not null,
    view_id uuid primary key,
    permit_id uuid not null,
    provision_id uuid,
    camera_id uuid not null,
    viewer text not null,
    masking text not null check (masking in ('masked', 'marked', 'original')),
    relay text not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    reason text,
    frames bigint,
    bytes bigint,
    check ((closed_at is null) = (reason is null))
);
comment on column footage_view.viewer is 'Seat and centre, never a name.';
comment on column footage_view.relay is 'The relay that serves it: after a crash its own successor records the end.';
call tenant_table('footage_view');
create index footage_view_open on footage_view (centre_id, provision_id) where closed_at is null;

create table footage_mark (
    centre_id uuid not null,
    provision_id uuid not null,
    camera_id uuid not null,
    account_id uuid not null,
    permit_id uuid not null,
    track text not null,
    marked_at timestamptz not null,
    primary key (centre_id, provision_id, camera_id, account_id)
);
comment on table footage_mark is 'The one track that is clear, per viewer and camera.';
call tenant_table('footage_mark');

create table footage_guest_permit (
    centre_id uuid not null,
    permit_id uuid not null,
    there_permit_id uuid not null,
    provision_id uuid not null,
    primary key (centre_id, permit_id, there_permit_id)
);
comment on table footage_guest_permit is
    'In the asking centre: which permit of the giving centre stands behind one of ours, so that both end together.';
call tenant_table('footage_guest_permit');
