"""Mail servers and lines that misbehave on order."""

from tests.faults.proxy import FaultProxy
from tests.faults.rules import Rule
from tests.faults.scripted import ScriptedSmtp

__all__ = ["FaultProxy", "Rule", "ScriptedSmtp"]
