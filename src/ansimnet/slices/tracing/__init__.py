"""One person or vehicle across cameras: description, sightings, candidates, next cameras, route."""
