"""A step that operations share: names are refused if they contain characters that no font of the documents has.

Only new names are checked. In stored names such characters are printed as code points in brackets.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from service.documents.fonts import are_read, is_plain, read_all, unshown
from service.errors import Code, Refused

CHARACTERS_NAMED_MAX = 8
"""Maximum number of characters that a refusal names."""
LENGTH_AT_ONCE_MAX = 2_000
"""Maximum length in characters of a text that is checked in the event loop, which takes a few milliseconds at most;
longer ones are checked in a thread.
"""
Unshown: TypeAlias = Mapping[str, Sequence[str]]
"""Texts that documents cannot print completely, each with the characters that no font has."""


async def unshown_among(texts: Iterable[object]) -> Unshown:
    """Return the texts that documents cannot print completely; values that are not texts are ignored.

    ASCII takes less than a microsecond. The first other text loads all fonts in a thread, for 0.05 s. So call this
    before a transaction, but refuse inside it, where retries are recognised.
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
    """Refuse as `refuse_unshown` if an attribute that differs between the old and the new object has such a text.
    `members` maps each attribute that documents print to its path. Unchanged stored texts are not refused.
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
