"""What changes protection's state: people registered, warnings issued and brought up to date, presses, timers."""
