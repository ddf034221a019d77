"""Words everyone shares: ids, clock, geometry, permits, errors. Imports nothing of ours and does no I/O."""
