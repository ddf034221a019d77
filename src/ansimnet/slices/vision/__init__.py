"""What the workers saw: alarms with their reasons, verdicts, and how each camera is set up and tuned."""
