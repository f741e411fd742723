"""The command line for whoever has no `retold` on the path: `python -m retold.gateway`."""

from __future__ import annotations

from .main import main

if __name__ == "__main__":
    main()
