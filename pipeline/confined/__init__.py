"""Processes for what others made: bounded in memory and time, without network, programs or other files."""
