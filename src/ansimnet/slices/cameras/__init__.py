"""Cameras: registry, position, azimuth, field of view, health; which cameras see this point."""
