"""What the practice has promised, as rules with their clause ids: pure, they decide and touch nothing."""
