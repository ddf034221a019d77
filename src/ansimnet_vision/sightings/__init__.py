"""What is noted of each track: when, where, which way, what it looks like. No face is looked at in here."""
