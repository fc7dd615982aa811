"""The sandbox mail server: what `pipeline demo` shows the product's real mail path with, no account needed.

Takes in a folder and made-up accounts, leaves behind `mail.db` in that folder. See `SandboxServer`.
"""

from pipeline.sandbox.server import SandboxServer

__all__ = ["SandboxServer"]
