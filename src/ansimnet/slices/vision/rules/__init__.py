"""Pure decisions of vision: what joins, what is shown, what verdicts teach, what is covered. No I/O."""
