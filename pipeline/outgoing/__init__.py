"""The road out: a dropped file becomes a document, a message, and mail that was accepted.

`opening` (client file → quote and consent declaration) and `course` (appointment, profile, report, closing), with what
`billing` makes of them → `mail` (finished bytes, frozen) → `sending` (the gates, the server, the copy in Sent). Each
takes up rows in one state and leaves them in the next. `plan` and `values` are pure: who receives what, and what it
says.
"""
