"""The third road: what was promised to go, goes: mail that was sent, and a dossier when its term is over.

Decide first (`policy.terms`, `policy.mailterms`, `guard`: pure), then act: plan, wait out the veto, look again, erase,
look whether it is gone, and write down what was really proved. `mail` is the part of it that happens in the mailbox.
"""
