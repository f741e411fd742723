"""What tests of behaviours stand on: a deterministic system that is retold when it is closed. Under
pytest it is the fixture `system`; elsewhere open it by hand.
"""

from .rehearsal import NotAsTold, Rehearsal

__all__ = ["NotAsTold", "Rehearsal"]
