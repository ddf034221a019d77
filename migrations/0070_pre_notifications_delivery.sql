-- Who is reached where, and every attempt. Addresses are sealed: a push endpoint or a number finds a person.

create table notifications_address (
    centre_id uuid not null,
    address_id uuid primary key,
    subject_id uuid not null,
    channel text not null check (channel in ('web_push', 'sms', 'voice')),
    address_sealed bytea not null,
    digest bytea not null,
    made_at timestamptz not null,
    gone_at timestamptz,
    unique (centre_id, channel, digest)
);
comment on column notifications_address.digest is 'Keyed SHA-256 of the address, so that the same one is kept once.';
call tenant_table('notifications_address');
create index notifications_address_subject on notifications_address (centre_id, subject_id) where gone_at is null;

create table notifications_delivery (
    centre_id uuid not null,
    delivery_id uuid primary key,
    about uuid not null,
    addressee uuid not null,
    channel text not null,
    content_sealed bytea,
    state text not null check (state in ('waiting', 'acknowledged', 'failed', 'undeliverable')),
    attempt int not null,
    made_at timestamptz not null,
    ended_at timestamptz
);
call tenant_table('notifications_delivery');
create index notifications_delivery_about on notifications_delivery (centre_id, about);
