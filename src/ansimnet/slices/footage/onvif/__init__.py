"""Cameras that are more than a stream: ONVIF set-up, clocks, key frames, and turning within a registered sector."""
