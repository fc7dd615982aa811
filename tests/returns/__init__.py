"""Returns as people and programs make them: seeded mails with signed papers, each with the truth beside it.

`python -m tests.returns --count 500 --seed 1` makes them and prints what the reader makes of them. Nothing here knows
how the reader works: paper, pens, scanners, phones and PDF programs are imitated, never the reader's own measures.
"""
