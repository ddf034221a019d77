"""Pictures that come to us: a phone's camera, another relay. Sources of the same shape as a camera."""
