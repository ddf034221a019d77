-- Every fix is a row, and each of its two foreign keys cost more than the row itself: a look-up, and a lock on the device
-- and on the one row of the centre that every batch took at once. What they promised stays true without them: centre_id
-- is this centre's by the policy of the table, a device's rows are never deleted, and a fix is written only under the
-- lock of the person whose device was found in this very table.
alter table supervision_fix drop constraint supervision_fix_centre_id_fkey, drop constraint supervision_fix_device_id_fkey;
