"""What the law, and this program itself, add to what a practice promises."""
