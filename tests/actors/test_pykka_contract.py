"""pykka's side: the private names that the house stands on, its registry, its refs and proxies."""

from __future__ import annotations

import inspect
import threading
from importlib.metadata import version
from typing import Any

import pykka
import pytest
from pykka import _actor, _proxy, _ref, _registry, messages

from retold import ActorRef, ActorSystem
from retold.actors.actor import Actor
from retold.events.errors import BadAddress, NotACommand, UnknownKind

from .totals import WAIT, Added, Deposit, add, answers, everything, nothing, totals


def test_the_pinned_pykka_is_the_one_that_was_looked_at() -> None:
    """Another minor version may have other private names."""
    assert version("pykka").startswith("4.5.")


def test_actors_are_made_by_the_hooks_that_are_overridden() -> None:
    """`pykka.Actor` has these, and nothing abstract that the shell does not give."""
    for name in ("_create_actor_inbox", "_create_future", "_start_actor_loop"):
        assert callable(getattr(pykka.Actor, name))
        assert name in vars(Actor)
    assert not inspect.isabstract(Actor)
    for name in ("actor_urn", "actor_inbox", "actor_stopped", "_actor_ref"):
        assert name in pykka.Actor.__annotations__ or hasattr(pykka.Actor, name), name
    assert isinstance(inspect.getattr_static(pykka.Actor, "actor_ref"), property)


def test_refs_have_the_parts_that_are_set() -> None:
    """What `pykka.ActorRef.__init__` sets, ours sets too."""
    source = inspect.getsource(_ref.ActorRef.__init__)
    parts = ("_actor_weakref", "actor_class", "actor_urn", "actor_inbox", "actor_stopped")
    for name in parts:
        assert f"self.{name} =" in source
    assert source.count("self.") == len(parts)
    assert {"ask", "tell", "stop", "proxy", "is_alive"} <= set(vars(_ref.ActorRef))
    ours = inspect.signature(ActorRef.ask).parameters
    theirs = inspect.signature(_ref.ActorRef.ask).parameters
    assert list(theirs) == list(ours)[: len(theirs)]


def test_the_messages_of_pykka_are_those_that_are_known() -> None:
    """Stop, and what a proxy sends: a new one would have to be thought about."""
    found = {name for name, each in vars(messages).items() if inspect.isclass(each)}
    found -= {"Any", "NamedTuple", "AttrPath"}
    assert {"_ActorStop", "ProxyCall", "ProxyGetAttr", "ProxySetAttr"} <= found
    assert "_ActorStop" in inspect.getsource(_ref.ActorRef.stop)


def test_futures_have_the_parts_that_are_overridden() -> None:
    """`get`, `set`, `set_exception`, `set_get_hook`; map and the others stand on them."""
    assert {
        "get",
        "set",
        "set_exception",
        "set_get_hook",
        "map",
        "filter",
        "join",
        "reduce",
    } <= set(vars(pykka.Future))
    assert "_get_hook" in inspect.getsource(pykka.Future)


def test_the_registry_is_a_list_under_a_lock() -> None:
    """Actors are taken out of it in one pass."""
    registry: Any = _registry.ActorRegistry
    assert isinstance(registry._actor_refs, list)
    with registry._actor_refs_lock:
        assert registry._actor_refs == []
    assert _actor.Actor.__name__ == "Actor"
    assert inspect.isclass(_proxy.ActorProxy)


def test_the_registry_mirrors_what_users_hold(system: ActorSystem) -> None:
    """Those that a reference was asked for, once each, until they stop or the system ends."""
    assert pykka.ActorRegistry.get_all() == []
    refs = [system.ref(f"total/{name}") for name in "abc"]
    system.ref("total/a")
    system.actor("total/inner")
    assert pykka.ActorRegistry.get_all() == refs
    assert pykka.ActorRegistry.get_by_urn("total/b") == refs[1]
    assert pykka.ActorRegistry.get_by_class(Actor) == refs
    refs[1].stop(timeout=WAIT)
    assert pykka.ActorRegistry.get_all() == [refs[0], refs[2]]
    system.close()
    assert pykka.ActorRegistry.get_all() == []


def test_a_broadcast_reaches_every_actor(system: ActorSystem) -> None:
    """`pykka.ActorRegistry.broadcast` tells; `stop_all` stops them in its own order."""
    refs = [system.ref(f"total/{name}") for name in "abc"]
    pykka.ActorRegistry.broadcast(add(5))
    assert [ref.ask(nothing(), timeout=WAIT).state.total for ref in refs] == [5, 5, 5]
    assert pykka.ActorRegistry.stop_all(timeout=WAIT) == [True] * 3
    assert not any(ref.is_alive() for ref in refs)


def test_two_systems_share_the_registry() -> None:
    """Closing one leaves the other's actors in it."""
    with ActorSystem.open("memory:", totals) as first:
        ref = first.ref("total/a")
        with ActorSystem.open("memory:", totals) as second:
            assert second.ref("total/a") is not ref
            assert len(pykka.ActorRegistry.get_all()) == 2
        assert pykka.ActorRegistry.get_all() == [ref]


def test_a_ref_says_where_it_leads(system: ActorSystem) -> None:
    """By its address; one address has one ref while its actor is there; it is pykka's kind."""
    ref = system.ref("total/a")
    assert isinstance(ref, pykka.ActorRef)
    assert (ref.address, str(ref), repr(ref)) == ("total/a", "total/a", "<ActorRef total/a>")
    assert system.ref("total/a") is ref
    assert (ref.actor_urn, ref.is_alive()) == ("total/a", True)
    assert ref in list(system.refs())


@pytest.mark.parametrize(
    ("address", "error"),
    [("total", BadAddress), ("total/a b", BadAddress), ("other/a", UnknownKind),
     ("other/a/total/b", UnknownKind), ("total/a/other/b", UnknownKind)],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_refused(
    system: ActorSystem, address: str, error: type[Exception]
) -> None:
    """No address, or of a kind that nobody gave a behaviour for; nothing was made of it."""
    with pytest.raises(error):
        system.ref(address)
    assert list(system.refs()) == []
    assert pykka.ActorRegistry.get_all() == []


@pytest.mark.parametrize("message", [Added(1), {"command": "x"}, "x", None, Deposit], ids=str)
def test_what_is_no_command_is_refused(system: ActorSystem, message: Any) -> None:
    """By ask and by tell, at once, and it never comes into the inbox."""
    ref = system.ref("total/a")
    with pytest.raises(NotACommand):
        ref.ask(message)
    with pytest.raises(NotACommand):
        ref.tell(message)
    assert ref.ask(nothing(), timeout=WAIT).version == 0


def test_a_proxy_shows_and_does_nothing_else(system: ActorSystem) -> None:
    """Address, state, version and what hangs on them; no other attribute, no call."""
    ref = system.ref("total/a")
    ref.ask(add(5), timeout=WAIT)
    proxy: Any = ref.proxy()
    assert proxy.state.get(timeout=WAIT).total == 5
    assert proxy.version.get(timeout=WAIT) == 1
    assert proxy.address.get(timeout=WAIT) == "total/a"
    for name in ("tentative", "behaviour", "family", "wake", "sleep", "stop", "asleep"):
        with pytest.raises((NotACommand, AttributeError)):
            answers_of(getattr(proxy, name))
    assert everything(system) == [("total/a", 1, Added(5))]
    assert ref.ask(nothing(), timeout=WAIT).state.total == 5


def answers_of(shown: Any) -> Any:
    """What a proxy's attribute comes to: its value, or what a call of it gives."""
    return shown.get(timeout=WAIT) if hasattr(shown, "get") else shown().get(timeout=WAIT)


def test_a_proxy_shows_what_is_committed(stepped: ActorSystem) -> None:
    """Never the tentative state of a turn at work."""
    ref, seen = stepped.ref("total/a"), list[Any]()
    proxy: Any = ref.proxy()
    write = stepped.log.journal.write

    def look(rows: Any, due: Any = ()) -> Any:
        seen.append((stepped.actor("total/a").state.total, stepped.actor("total/a").version))
        return write(rows, due)

    stepped.log.journal.write = look  # type: ignore[method-assign]  # just before
    answers([ref.ask(add(5), block=False)])
    assert seen == [(0, 0)]
    assert proxy.state.get().total == 5


def test_actors_are_not_started_by_hand() -> None:
    """They come from a system: pykka's own `start` has nothing to give them."""
    before = threading.active_count()
    with pytest.raises(TypeError):
        Actor.start()
    assert threading.active_count() == before
    assert pykka.ActorRegistry.get_all() == []
