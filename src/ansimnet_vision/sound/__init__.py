"""Sound to class and level, in memory: log-mel, a small network, evidence over time. Nothing here writes a file."""
