"""Mail that is at its end: which, where its copies lie, deleting them, and what a fresh look then proves."""
