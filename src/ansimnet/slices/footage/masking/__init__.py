"""Masking of recorded pictures: tracks instead of single frames, and a person who looks at the doubtful ones."""
