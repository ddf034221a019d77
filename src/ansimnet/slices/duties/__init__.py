"""The one deadline engine: what is owed, by whom, until when, and what was broken."""
