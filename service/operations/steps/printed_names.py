"""A step that operations share: a name is refused if documents would print code points instead of its characters.

Only new names are checked. A stored one that no font shows is printed with code points in brackets.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from service.documents.fonts import are_read, is_plain, read_all, unshown
from service.errors import Code, Refused

CHARACTERS_NAMED_MAX = 8
"""Number of characters that a refusal names."""
LENGTH_AT_ONCE_MAX = 2_000
"""Number of characters that are checked without a thread, in a few milliseconds at most."""
Unshown: TypeAlias = Mapping[str, Sequence[str]]
"""Texts that documents cannot show whole, each with its characters that no font shows."""


async def unshown_among(texts: Iterable[object]) -> Unshown:
    """Return those of the texts that documents cannot show whole; values that are no texts are ignored.

    Plain ASCII costs less than a microsecond. The first other text reads all fonts for 0.05 s, in a thread: call this
    before a transaction begins, and refuse inside of it, where a retry is known.
    """
    others = {text for text in texts if isinstance(text, str) and not is_plain(text)}
    if others and not are_read():
        await asyncio.to_thread(read_all)
    if sum(map(len, others)) > LENGTH_AT_ONCE_MAX:
        return await asyncio.to_thread(_unshown_among, others)
    return _unshown_among(others)


def refuse_unshown(found: Unshown, text: str | None, *path: str) -> None:
    """Refuse `BAD_USER_INPUT`, with the characters and their code points, if the text is one of those found."""
    if text is None or text not in found:
        return
    characters = found[text]
    named = ", ".join(map(_named, characters[:CHARACTERS_NAMED_MAX]))
    more = len(characters) - CHARACTERS_NAMED_MAX
    listed = f"{named} and {more} more" if more > 0 else named
    message = f"No font of the documents shows these characters: {listed}. Leave them out, or use another script."
    raise Refused(Code.BAD_USER_INPUT, message, path)


def refuse_unshown_changes(found: Unshown, old: object, new: object, members: Mapping[str, str]) -> None:
    """Refuse as `refuse_unshown` if an attribute of the old object has such a text in the new one. `members` gives each
    attribute that documents print, with its path. Stored texts are repeated without a refusal.
    """
    for attribute, member in members.items():
        text = getattr(new, attribute)
        if text != getattr(old, attribute):
            refuse_unshown(found, text, member)


ACCOUNT_MEMBERS: Mapping[str, str] = {"name": "name", "beneficiary_name": "beneficiary"}
"""Attributes of an account that documents print, and their paths."""


def _unshown_among(texts: Iterable[str]) -> Unshown:
    found = {text: unshown(text) for text in texts}
    return {text: characters for text, characters in found.items() if characters}


def _named(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() else code
