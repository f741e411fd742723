"""Addresses: readable, in pairs, percent-encoded, one spelling each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.events.address import ROOT, address, at, check, family, kind, member, name
from retold.events.errors import BadAddress

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encoded(text: str) -> str:
    """Percent-encoding by RFC 3986, written out: what is not unreserved goes by its bytes."""
    return "".join(
        chr(byte) if chr(byte) in PLAIN else f"%{byte:02X}" for byte in text.encode("utf-8")
    )


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_parts_come_back_from_the_address(pairs: list[tuple[str, str]]) -> None:
    """Whatever text a part is, the address holds it and gives it back, slashes included."""
    made = address(*(part for pair in pairs for part in pair))
    assert made == "/".join(encoded(part) for pair in pairs for part in pair)
    assert check(made) == made
    assert (kind(made), name(made)) == pairs[-1]
    assert family(made) == address(*pairs[0])
    assert at(family(made), member(made)) == made
    assert (member(made) == ROOT) == (len(pairs) == 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "account", "account/", "/account", "account//", "account/a/channel", "account/a b",
        "account/a%2f", "account/%61", "account/ä", "account/%ZZ", "account/a%", "account/%FF",
        "account/a/", "a/b/c", "account/a\n", "account/a?b",
    ],
)  # fmt: skip
def test_a_text_that_is_no_address_is_refused(text: str) -> None:
    """Odd parts, empty parts and any second spelling of a part: `BadAddress` with the text."""
    with pytest.raises(BadAddress) as caught:
        check(text)
    assert str(caught.value.address) in text
    assert caught.value.reason


@pytest.mark.parametrize("other", [None, 5, b"account/a"])
def test_what_is_no_text_is_no_address(other: object) -> None:
    """It is refused as what it is, not by accident."""
    with pytest.raises(BadAddress, match="not text"):
        check(other)  # type: ignore[arg-type]  # that is the mistake


def test_an_odd_or_empty_part_cannot_be_joined() -> None:
    """`address` refuses what `check` would."""
    for parts in (("account",), ("account", ""), ()):
        with pytest.raises(BadAddress):
            address(*parts)


def test_a_member_belongs_to_its_family() -> None:
    """The first pair is the family; what follows is the member's name in it."""
    assert family("workflow/a/channel/b") == "workflow/a"
    assert member("workflow/a/channel/b") == "channel/b"
    assert member("workflow/a") == ROOT
    assert at("workflow/a", ROOT) == "workflow/a"
