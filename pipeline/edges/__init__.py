"""The outside, one file each; no edge knows another."""
