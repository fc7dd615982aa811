"""What somebody says in her own words: what she wrote herself, and the few sentences read as an answer. Pure."""
