"""What protection decides by: the way out, the words and numbers of a message, grades, escalation. Pure."""
