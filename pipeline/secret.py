"""A password on its way from where it is kept to where it is used."""

from __future__ import annotations


class Secret:
    """A password that does not show itself; `reveal` is called where it is used and nowhere else."""

    def __init__(self, value: str) -> None:
        """Keep `value` out of sight."""
        self._value = value

    def reveal(self) -> str:
        """Give the password itself."""
        return self._value

    def __repr__(self) -> str:
        """Show nothing."""
        return "Secret(...)"

    __str__ = __repr__
