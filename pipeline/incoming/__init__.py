"""The road in: mail comes in, finds its dossier, and what was signed is read, filed, or shown to the coach.

`inbox` (look) → `arrivals` (fetch) → `understand` → `booking`; each takes up rows in one state and leaves them in
the next. `mime` reads octets, `answers` what somebody says in her own words.
`message`, `nature`, `sender`, `rules`, `match` and `verdict` are pure: they decide and touch nothing.
"""
