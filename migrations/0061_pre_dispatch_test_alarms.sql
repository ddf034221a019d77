-- Alarms about nobody: when the whole way was last gone, and how fast.

create table dispatch_test_alarm (
    centre_id uuid not null,
    test_id uuid primary key,
    raised_at timestamptz not null,
    answered_at timestamptz
);
call tenant_table('dispatch_test_alarm');
create index dispatch_test_alarm_raised on dispatch_test_alarm (centre_id, raised_at desc);
