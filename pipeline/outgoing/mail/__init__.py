"""One mail as finished bytes: what it must say, made once, frozen, and read back."""
