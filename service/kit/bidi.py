"""Direction of each character of a line, by Unicode's bidirectional algorithm (UAX 9). Knows nothing of fonts.

Explicit embeddings and isolates are not supported: names do without them, and here they count as neutral.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

_NUMBERS = frozenset({"EN", "AN"})
_OPENING = {")": "(", "]": "[", "}": "{"}


def embedding_levels(text: str) -> list[int]:
    """Return the embedding level of each character, odd where it reads from right to left. The first strong character
    gives the direction of the whole line.
    """
    kinds = [unicodedata.bidirectional(character) for character in text]
    if not {"R", "AL", "AN"} & set(kinds):
        return [0] * len(text)
    base = next(("L" if kind == "L" else "R" for kind in kinds if kind in {"L", "R", "AL"}), "L")
    kinds = _resolve_weak(kinds, base)
    _resolve_brackets(text, kinds, base)
    levels: list[int] = []
    before = base
    for kind, same in groupby(list(enumerate(kinds)), key=lambda numbered: numbered[1]):
        count = sum(1 for _ in same)
        at = len(levels)
        if kind == "neutral":
            after = next((_side(later) for later in kinds[at + count :] if later != "neutral"), base)
            read = before if before == after else base
        else:
            read, before = kind, _side(kind)
        levels.extend([{"L": 0 if base == "L" else 2, "R": 1}.get(read, 2)] * count)
    return levels


def _side(kind: str) -> str:
    """Return the side of a class: a number counts as right-to-left for its neutral neighbours (rule N1)."""
    return "R" if kind in _NUMBERS else kind


def _resolve_weak(kinds: list[str], base: str) -> list[str]:
    """Apply rules W1 to W7: marks take the class of their base, signs and separators join the number they are part of,
    and a number after left-to-right text becomes left-to-right. The result has only L, R, EN, AN and neutrals.
    """
    strong, resolved = base, list[str]()
    for kind in kinds:
        before = resolved[-1] if resolved else base
        resolved.append(before if kind == "NSM" else "AN" if kind == "EN" and strong == "AL" else kind)
        strong = resolved[-1] if resolved[-1] in {"L", "R", "AL"} else strong
    for index, kind in enumerate(resolved):
        around = {*resolved[index - 1 : index], *resolved[index + 1 : index + 2]}
        if 0 < index < len(kinds) - 1 and (
            (around == {"EN"} and kind in {"ES", "CS"}) or (around == {"AN"} and kind == "CS")
        ):
            resolved[index] = around.pop()
    for kind, same in groupby(range(len(kinds)), key=resolved.copy().__getitem__):
        indices = list(same)
        first, last = indices[0], indices[-1]
        if kind == "ET" and "EN" in {*resolved[max(first - 1, 0) : first], *resolved[last + 1 : last + 2]}:
            resolved[first : last + 1] = ["EN"] * len(indices)
    strong = base
    for index, kind in enumerate(resolved):
        strong = kind if kind in {"L", "R", "AL"} else strong
        resolved[index] = {"AL": "R", "EN": "L" if strong == "L" else "EN"}.get(kind, kind)
    return [kind if kind in {"L", "R"} | _NUMBERS else "neutral" for kind in resolved]


def _resolve_brackets(text: str, kinds: list[str], base: str) -> None:
    """Apply rule N0: both brackets of a pair get the direction of the text, unless everything inside and before them
    has the other.
    """
    for start, close in sorted(_pairs(text)):
        inside = {_side(kind) for kind in kinds[start + 1 : close]} - {"neutral"}
        before = next((_side(kind) for kind in reversed(kinds[:start]) if kind != "neutral"), base)
        if inside:
            kinds[start] = kinds[close] = base if base in inside or before == base else before


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    opened: list[tuple[int, str]] = []
    for index, character in enumerate(text):
        if character in _OPENING.values():
            opened.append((index, character))
        elif character in _OPENING:
            matching = [at for at, (_, opening) in enumerate(opened) if opening == _OPENING[character]]
            if matching:
                yield opened[matching[-1]][0], index
                del opened[matching[-1] :]
