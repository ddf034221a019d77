-- Crimes during wear, as an officer puts them on file from an investigating agency's case (EM-20). Counted, never inferred.
create table supervision_offence (
    offence_id uuid primary key,
    centre_id uuid not null references centre,
    wearer_id uuid not null references supervision_wearer,
    offence text not null
        check (offence in ('sexual_violence', 'minor_abduction', 'robbery_murder', 'specified_violent', 'other')),
    committed_on date not null,
    case_number text not null,
    noted_at timestamptz not null,
    noted_by uuid not null
);
comment on table supervision_offence is
    'A crime that an investigating agency charges a wearer with, committed while under an order (EM-20).';
comment on column supervision_offence.case_number is 'The agency''s number of the case; sealed under the wearer.';
call tenant_table('supervision_offence');
create index supervision_offence_day on supervision_offence (centre_id, committed_on);
