"""The policies that come with the program, one file a practice; nothing is imported from here."""
