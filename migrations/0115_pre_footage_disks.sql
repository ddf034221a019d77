-- A disk that is lost takes its part of the pictures away; the rest of the archive goes on.
alter table footage_gap drop constraint footage_gap_cause_check;
alter table footage_gap add constraint footage_gap_cause_check
    check (cause in ('camera-lost', 'camera-fault', 'relay-stopped', 'disk-full', 'disk-lost', 'clock'));
