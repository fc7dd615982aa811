"""Tests of reading what came back: files, PDF objects, certificates, and the process that does it."""
