"""In the course of a coaching: appointments, profile, report, closing, each from a dropped file to its mail."""
