"""What templates are given: every value as finished text in its language; pure."""
