"""The road out: a dropped client file becomes a request, documents, messages, and mail that was accepted.

`intake` → `documents` → `compose` → `outbox` → `sent_copy`; each takes up rows in one state and leaves them in the
next.
"""
