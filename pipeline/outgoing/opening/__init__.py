"""How a coaching opens: from a dropped client file to the quote and the consent declaration, and both countersigned."""
