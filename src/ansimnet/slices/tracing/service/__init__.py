"""What tracing does: takes sightings in, lets searches look, ends them."""
