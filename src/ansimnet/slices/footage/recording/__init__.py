"""What was: recorded pictures written, found, played, cut into clips."""
