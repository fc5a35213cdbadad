"""Laws of serial numbers over generated ranges: written is what was read, and no text stands for two credits."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import combinations_with_replacement
from random import Random
from uuid import UUID

import pytest

from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.serials.block import Layout, SerialBlock, legacy_block
from service.domain.serials.characters import canonical, without_leading_zeros
from service.domain.serials.facts import facts_of
from service.domain.serials.forms import SerialForm
from service.domain.serials.overlap import claims, lookup_keys, overlap
from service.domain.serials.reading import read_pair, read_prefix, read_range
from service.errors import Refused

FORMS = sorted(set(SerialForm) - {SerialForm.NONE})
RANGES_A_FORM = 1_000
RECEIPTS = 10_000
SERIES_A_FORM = 12
"""So few that receipts meet again and again."""

Texts = tuple[str, ...]


Series = tuple[str, str, str]
"""Prefix, joiner and suffix; a joiner in brackets stands between whole serials, an empty one between two fields."""


def verra(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    unit, kind = random.choice(["VCS-VCU", "VCU"]), random.choice(["", f"-{n(1, 16)}"])
    return f"{n(1, 20_000)}-", "-", f"-{unit}-{n(1, 1999):03}-VER-{c}{kind}-{n(1, 5000)}-{period(n)}-{n(0, 1)}"


def gold_standard(_random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    return f"GS1-1-{c}-GS{n(1, 12_000)}-{n(1, 30)}-{year}-{n(1, 40_000)}-", "-", ""


def car(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    head = f"CAR-{random.choice(['1', 'ROC'])}-{c}-{n(1, 2000)}-{n(1, 50)}-{n(1, 2000)}"
    return f"{head}-{random.choice(['KS', 'CA', 'DG'])}-{year}-{n(1, 10_000)}-", " to ", ""


def acr(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    return f"ACR-{c}-{n(1, 2000)}-{year}-{n(1, 5000)}-", random.choice([" to ", "-"]), ""


def art(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    return f"{random.choice(['ART', 'FCPF'])}-{c}-{n(100, 200)}-{year}-{n(1, 50)}-", " to ", ""


def biocarbon(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    months = f"{n(10, 20)}{n(1, 12):02}-{n(21, 25)}{n(1, 12):02}"
    return f"{random.choice(['BCR', 'PCR'])}-{c}-{n(1, 300)}-14-{n(1, 9):03}-{n(1, 9)}-{months}-", "-", ""


def cercarbono(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    place, time, buffer = (random.choice(["", text]) for text in (f"_{c}_1_{n(1, 9)}", f"_{year}", "_BF"))
    return f"CDC_{random.choice(['', 'R_'])}{n(1, 200)}_1_1_{n(1, 400)}_14{place}{time}{buffer}, ", ", ", ""


def puro(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    if random.random() < 0.3:
        return str(n(10**17, 10**18 - 1)), "[-]", ""
    uuid = UUID(int=random.getrandbits(128), version=4)
    return random.choice(["", f"PURO_PR_CORC100+_{c}_{n(1, 10**6)}_{year}_"]) + f"{uuid}_", "-", ""


def markit(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    unit = random.choice(["CFS-VER", "WCC-WCU", "WCC-PIU"])
    return f"{unit}-{c}-{n(10**14, 10**15)}-{period(n)}-", "-", f"-MER-{n(0, 1)}-{random.choice('AP')}"


def ers(_random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    return f"ERS-1-{n(1, 50)}-{c}-VRU-{year}-{n(1, 9)}-", "-", ""


def kyoto(_random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    return f"{c}-{n(1, 7)}-", "[ - ]", f"-{n(1, 2)}-{n(1, 2)}-0-{n(1, 9999)}"


def national(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    if random.random() < 0.5:
        return f"VU-ITMO-{n(1, 20)}-{n(1, 999)}-{year}-0-", "-", ""
    return f"CA{n(1, 99):04}-{c}-CH-{n(1, 99)}-", "-", f"-{year}"


def plain(random: Random, n: Callable[[int, int], int], c: str, year: int) -> Series:
    name = random.choice(["OAK-", "A", "WCC-77-", "WCC-77-5-", "X_", "REG.9/", "OAK-5-", "T9 U-"])
    return f"{name}{random.choice(['', f'{n(1, 40)}-'])}", random.choice(["-", " to ", "[ - ]", "[]"]), ""


MAKERS = [verra, gold_standard, car, acr, art, biocarbon, cercarbono, puro, markit, ers, kyoto, national, plain]


def period(n: Callable[[int, int], int]) -> str:
    return "-".join(f"{n(1, 28):02}{n(1, 12):02}{n(*years)}" for years in ((2005, 2009), (2010, 2025)))


def series_of(form: SerialForm, random: Random) -> Series:
    """A new series as the registry writes it."""
    (maker,) = (maker for maker in MAKERS if maker.__name__ == form)
    return maker(
        random, random.randint, random.choice(["US", "KE", "BR", "IN", "GB", "PE"]), random.randint(2000, 2025)
    )


def numbers_of(form: SerialForm, random: Random) -> tuple[int, int, int]:
    """First number, count and digits to pad to, among them numbers that gain a digit within the range."""
    width = {SerialForm.BIOCARBON: 7}.get(form, random.choice([1, 1, 1, 6, 9]) if form is not SerialForm.KYOTO else 1)
    count = random.choice([1, 2, 3, random.randint(2, 100), random.randint(2, 10**6)])
    first = random.choice([0, 1, 9, 99, random.randint(0, 10**4), random.randint(10**6, 10**12), 10**9 - count // 2])
    return max(first, 0), count, width


def texts_of(series: Series, first: int, last: int, width: int) -> Texts:
    """The range as a registry writes it: one text, or two serials."""
    prefix, joiner, suffix = series
    if prefix.isdigit():
        width = 12
    a, b = str(first).zfill(width), str(last).zfill(width)
    if joiner == "[]":
        return f"{prefix}{a}{suffix}", f"{prefix}{b}{suffix}"
    if joiner.startswith("["):
        return (f"{prefix}{a}{suffix}{joiner[1:-1]}{prefix}{b}{suffix}",)
    return (f"{prefix}{a}{joiner}{b}{suffix}",)


def read(form: SerialForm, texts: Texts) -> SerialBlock:
    return read_range(form, *texts) if len(texts) == 1 else read_pair(form, *texts)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_of_any_part_is_what_was_read(form: SerialForm):
    random = Random(f"serials of {form}")
    layouts, kept = set(), 0
    while kept < RANGES_A_FORM:
        first, count, width = numbers_of(form, random)
        texts = texts_of(series_of(form, random), first, first + count - 1, width)
        block = read(form, texts)
        cut = random.randint(0, block.tonnes)
        parts = [block.part(*edges) for edges in ((0, cut), (cut, block.tonnes)) if edges[0] < edges[1]]

        assert (block.first, block.tonnes, block.written()) == (first, count, texts)
        assert [read(form, part.written()) for part in parts] in (parts, [narrowed(part) for part in parts])
        assert [part.written() for part in map(narrowed, parts)] == [part.written() for part in parts]
        assert sum(part.tonnes for part in parts) == count
        assert len(parts) == 1 or (not overlap(*parts) and parts[0].last + 1 == parts[1].first)
        assert {claim.key for part in parts for claim in claims(part)} == {claim.key for claim in claims(block)}
        assert facts_of(parts[0]) == facts_of(block)
        layouts.add(block.layout)
        kept += 1
    assert layouts == {SerialForm.PLAIN: set(Layout), SerialForm.KYOTO: {Layout.TWICE}}.get(
        form, {Layout.RANGE, Layout.TWICE} if form is SerialForm.PURO else {Layout.RANGE}
    )


def narrowed(block: SerialBlock) -> SerialBlock:
    """The block without a width that none of its numbers needs: no text can say that it was there."""
    needless = block.width <= len(str(block.first))
    return SerialBlock(**{name: getattr(block, name) for name in block.__slots__} | ({"width": 1} if needless else {}))


class Stock:
    """All batches of a seller in memory, received under the rules; a double receipt is refused."""

    def __init__(self) -> None:
        self.batches: list[SerialBlock] = []
        self._found: dict[str, list[SerialBlock]] = defaultdict(list)

    def receive(self, batch: SerialBlock) -> bool:
        if any(overlap(batch, other) for key in lookup_keys(batch) for other in self._found[key]):
            return False
        self.batches.append(batch)
        for key in lookup_keys(batch):
            self._found[key].append(batch)
        return True


def zeros_added(text: str, random: Random) -> str:
    if "_" in text:  # a uuid has a fixed count of digits
        return text
    return re.sub("(?<![0-9])(?=[0-9])", lambda _: random.choice(["", "0", "00"]), text)


def label_changed(text: str, _random: Random) -> str:
    marks = {"-A": "-P", "-P": "-A"}
    return re.sub("-[AP]$", lambda mark: marks[mark[0]], re.sub("(?<=[0-9]{8})-[01]$", "-7", text))


SPELLINGS: list[Callable[[str, Random], str]] = [
    lambda text, _: text.lower(),
    lambda text, random: text.replace("-", random.choice(["\u2010", "\u2011", "\u2013", "\u2212", "\ufe63"])),
    zeros_added,
    lambda text, _: f"\t{text}\u00a0\r\n",
    lambda text, _: text.replace("-VCS-VCU-", "-VCU-") if "VCS" in text else text.replace("-VCU-", "-VCS-VCU-"),
    label_changed,
    lambda text, _: text.replace(" to ", "-") if " to " in text else text.replace("-", " - "),
    lambda text, _: re.sub("^PURO_.*_(?=[0-9a-f]{8}-)", "", text),
]
"""The same serials as somebody else writes them."""


def near(batch: SerialBlock, random: Random) -> tuple[int, int]:
    """First number and count of a range that may touch the batch."""
    count = random.randint(1, 8)
    return max(0, random.randint(batch.first - count, batch.last + 1)), count


def same_series(batch: SerialBlock, random: Random) -> SerialBlock:
    first, count = near(batch, random)
    joiner = batch.joiner if batch.layout is Layout.RANGE else f"[{batch.joiner}]"
    width, spelling = random.choice([batch.width, 1, len(str(first)) + 2]), random.choice(SPELLINGS)
    texts = texts_of((batch.prefix, joiner, batch.suffix), first, first + count - 1, width)
    return read(batch.form, tuple(spelling(text, random) for text in texts))


def as_plain_range(batch: SerialBlock, random: Random) -> SerialBlock:
    first, count = near(batch, random)
    return read_range(SerialForm.PLAIN, f"{batch.prefix}{first}{random.choice(['-', ' to '])}{first + count - 1}")


def as_prefix_and_number(batch: SerialBlock, random: Random) -> SerialBlock:
    return read_prefix(batch.prefix, *near(batch, random))


def as_two_serials(batch: SerialBlock, random: Random) -> SerialBlock:
    first, count = near(batch, random)
    return read_pair(SerialForm.PLAIN, f"{batch.prefix}{first}", f"{batch.prefix}{first + count - 1}")


def cut_in_the_number(batch: SerialBlock, random: Random) -> SerialBlock:
    text = f"{batch.prefix}{near(batch, random)[0]}"
    place = random.randint(len(batch.prefix), len(text) - 1)
    count = random.randint(1, 8)
    if random.random() < 0.5:
        return legacy_block(text[:place], int(text[place:]), count * GRAMS_PER_TONNE)  # as a batch from before forms
    return read_prefix(text[:place], int(text[place:]), count)


def printed_text_as_one_serial(batch: SerialBlock, random: Random) -> SerialBlock:
    text = random.choice([batch.credit(batch.last), *batch.written()])
    return read_pair(SerialForm.PLAIN, text, text)


def number_behind_a_number(batch: SerialBlock, random: Random) -> SerialBlock:
    first, count = near(batch, random)
    joiner = random.choice(["-", " to ", "to", batch.joiner])
    return read_prefix(f"{batch.prefix}{first}{joiner}", first + random.randint(-2, 3), count)


REWRITES = [
    same_series,
    as_plain_range,
    as_prefix_and_number,
    as_two_serials,
    cut_in_the_number,
    printed_text_as_one_serial,
    number_behind_a_number,
]
"""The credits of a batch, or some near them, in another spelling, form, layout or cut of the text."""


def test_no_text_stands_for_credits_of_two_batches_after_ten_thousand_receipts():
    random = Random("receipts")
    stock, outcomes = Stock(), Counter()
    for start in ("1", "5", "12", "100"):  # batches from before forms, whose prefixes were cut anywhere
        assert stock.receive(legacy_block(f"GS1-1-KE-GS98-16-2019-778-{start}", 20, 3_000_000))
    known = [(form, series_of(form, random)) for form in FORMS for _ in range(SERIES_A_FORM)]
    for receipt in range(RECEIPTS):
        name = "random"
        try:
            if receipt % 2:
                rewrite = random.choice(REWRITES)
                name = rewrite.__name__
                batch = rewrite(random.choice(stock.batches), random)
            else:
                form, series = random.choice(known)
                first = random.randint(1, 2_000)
                batch = read(form, texts_of(series, first, first + random.randint(0, 7), 1))
        except Refused:
            outcomes[name, "unreadable"] += 1
            continue
        outcomes[name, "received" if stock.receive(batch) else "overlaps"] += 1

    owners: dict[str, int] = {}
    for owner, batch in enumerate(stock.batches):
        for text in printed(batch):
            assert owners.setdefault(text, owner) == owner, (text, batch, stock.batches[owners[text]])
    assert sum(outcomes.values()) == RECEIPTS
    assert outcomes["random", "unreadable"] == 0
    assert all(outcomes[name, "overlaps"] > 50 for name in ("random", "same_series", "as_prefix_and_number"))
    assert all(outcomes[name, "received"] > 50 for name in ("random", "same_series", "as_prefix_and_number"))


def printed(batch: SerialBlock) -> set[str]:
    """Every text that a certificate may print for a part of the batch, in the form that an auditor compares."""
    edges = combinations_with_replacement(range(batch.tonnes), 2)
    texts = {text for start, stop in edges for text in batch.part(start, stop + 1).written()}
    return {without_leading_zeros(canonical(text)) for text in {*texts, *batch.credits()}}
