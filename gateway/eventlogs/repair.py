"""Bytes that do not decode, taken out of an XML document before its parser chokes on them.

A document is decoded here and handed on as UTF-8, in whatever encoding it came: UTF-16 by its
mark, any that leaves ASCII alone by its declaration, else UTF-8. A run of bytes that do not
decode becomes one U+FFFD, the character that stands for just this; where it stood is kept in
`damaged`, as a count of the bytes handed on. A U+FFFD that the file itself holds is thereby not
mistaken for damage.
"""

from __future__ import annotations

import codecs
import re
from collections import deque

_BAD_BYTES = re.compile("[\ud800-\udfff]+")
_REPLACED = "\ufffd".encode()
_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TELLING = b"<+AGE-\\x41\\u0041>"  # means something else in UTF-7 and in Python's own escapes


class Repair:
    """The bytes of one document on their way to its parser; pieces may cut characters."""

    def __init__(self) -> None:
        self.damaged: deque[int] = deque()
        self._decoder: codecs.IncrementalDecoder | None = None
        self._given = 0

    def sound(self, piece: bytes) -> bytes:
        """Give a piece as UTF-8; the empty piece ends the document.

        Raises LookupError for an encoding that is not known, UnicodeError for damage that
        leaves no telling where the next character starts.
        """
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder(_encoding(piece))("surrogateescape")
        text = self._decoder.decode(piece, not piece)
        try:
            sound = text.encode()
        except UnicodeEncodeError:
            sound = self._replace(text)
        self._given += len(sound)
        return sound

    def _replace(self, text: str) -> bytes:
        at = self._given
        parts = [part.encode() for part in _BAD_BYTES.split(text)]
        for part in parts[:-1]:
            at += len(part)
            self.damaged.append(at)
            at += len(_REPLACED)
        return _REPLACED.join(parts)


def _encoding(piece: bytes) -> str:
    if piece.startswith(_UTF16_MARKS):
        return "utf-16"
    declared = _DECLARED.match(piece.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode() if declared else "utf-8"
    if not _leaves_ascii_alone(name):
        raise LookupError(f"the encoding {name!r} is not known here")
    return "utf-8-sig" if codecs.lookup(name).name == "utf-8" else name


def _leaves_ascii_alone(name: str) -> bool:
    try:
        return name.lower() != "idna" and _TELLING.decode(name) == _TELLING.decode()
    except (LookupError, UnicodeError):
        return False
