"""What the program says to the people of a practice, in the practice's language: Dutch first, English complete.

Documents and mail have their own texts in `templates/`; here are the sentences beside them: problems of a file, notes,
states. A sentence is looked up by its name; its values are filled in as text and never interpreted.
"""

from __future__ import annotations

from pipeline.words import en, nl

LANGUAGES = {"nl": nl.WORDS, "en": en.WORDS}


def say(language: str, word: str, /, **values: object) -> str:
    """Give the sentence called `word` in `language` ("nl" or "en"), with `values` in their places."""
    return LANGUAGES[language][word].format(**values)
