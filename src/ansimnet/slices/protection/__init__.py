"""People under safety measures: warnings, the way out in the same message, and what happens without an answer."""
