"""What is billed: invoices and credit notes, their form for bookkeeping, and what is not paid yet."""
