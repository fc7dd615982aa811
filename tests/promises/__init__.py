"""The promises to the people whose papers these are, each tried end to end on real files, servers and processes."""
