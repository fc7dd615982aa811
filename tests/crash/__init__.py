"""Crash tests: the real command, killed or let down by the disk at every step, must keep P1 and P2."""
