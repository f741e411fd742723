"""For all tests: no drawn example has a time limit, and a Ctrl-C is one.

How long an example takes is a matter of the machine. A shell that runs its tests in the background
has them ignore Ctrl-C, and so would every process that they start.
"""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("retold", settings.default, deadline=None)
settings.load_profile("retold")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
