-- The picture of a camera's heat sensor: where it comes from, and which degrees Celsius its darkest and brightest are.

alter table camera_source
    add column heat_url_sealed bytea,
    add column heat_low_c real,
    add column heat_high_c real,
    add constraint camera_source_heat check (
        (heat_low_c is null) = (heat_url_sealed is null) and (heat_high_c is null) = (heat_url_sealed is null)
        and (heat_high_c is null or heat_high_c > heat_low_c)
    );
comment on column camera_source.heat_url_sealed is
    'Address of the heat sensor''s pictures, sealed as `url_sealed`; null: the camera has none.';
comment on column camera_source.heat_low_c is 'Degrees Celsius of the darkest grey of those pictures.';
comment on column camera_source.heat_high_c is 'Degrees Celsius of their brightest grey; between them it is linear.';
