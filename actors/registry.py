"""pykka's registry mirrors the actors that users asked a reference for, so that `get_all`,
`broadcast` and `stop_all` find them. The system's own index does the work: pykka's is a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pykka

if TYPE_CHECKING:
    from .actor import Actor


def mirror(actor: Actor) -> None:
    """Show an actor in pykka's registry, once."""
    if not actor.mirrored:
        actor.mirrored = True
        pykka.ActorRegistry.register(actor.actor_ref)


def unmirror(actors: Iterable[Actor]) -> None:
    """Take actors out of pykka's registry, all in one pass (its own `unregister` is a search)."""
    gone = {id(actor.actor_ref) for actor in actors if actor.mirrored}
    if not gone:
        return
    registry = pykka.ActorRegistry
    with registry._actor_refs_lock:  # noqa: SLF001 - one pass over the list; under contract test
        refs = registry._actor_refs  # noqa: SLF001 - one pass over the list; under contract test
        refs[:] = [ref for ref in refs if id(ref) not in gone]
