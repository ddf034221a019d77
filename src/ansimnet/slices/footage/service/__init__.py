"""Use cases: the asking centre's half, the giving centre's half, and the door the relay asks at."""
