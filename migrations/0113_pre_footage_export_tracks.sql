-- Which of its cameras' streams an export is of: the sub-stream, which is always recorded, or the main one.
alter table footage_export
    add column track text not null default 'sub' check (track in ('sub', 'main'));
