"""Real mail servers on loopback for the tests: Dovecot and Postfix with private settings."""

from tests.mailstack.stack import MailStack

__all__ = ["MailStack"]
