"""No drawn example has a time limit: how long one takes is a matter of the machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("retold", settings.default, deadline=None)
settings.load_profile("retold")
