"""Large pages: which memory they fit into, and that whatever lay there is still the same."""

import re
from pathlib import Path

from service.kit.large_pages import collapse_into_large_pages, large_pages_in

MAPS = """\
00400000-00e00000 r-xp 00000000 fe:00 1234                               /usr/bin/python3
01000000-01e00000 rw-p 00000000 00:00 0                                  [heap]
7f0000100000-7f0000700000 rw-p 00000000 00:00 0
7f0001000000-7f0001400000 rw-s 00000000 00:00 0
7f0002000000-7f0002400000 rw-p 00000000 fe:00 99                         /var/lib/data of ours.sqlite3
7f0003000000-7f0003400000 r--p 00000000 00:00 0
7f0004100000-7f00042ff000 rw-p 00000000 00:00 0
7ffd00000000-7ffd00400000 rw-p 00000000 00:00 0                          [stack]
"""


def test_large_pages_fit_whole_into_what_is_private_and_of_no_file():
    heap = [0x1000000 + place * 0x200000 for place in range(7)]
    assert list(large_pages_in(MAPS, 0x200000)) == [*heap, 0x7F0000200000, 0x7F0000400000]


def test_what_was_in_memory_is_still_there():
    things = [str(number) for number in range(200_000)]
    moved = collapse_into_large_pages()
    assert things == [str(number) for number in range(200_000)]
    if moved:  # a system that cannot moves nothing
        held_kb = re.search(r"^AnonHugePages: +(\d+) kB$", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)[1]
        assert int(held_kb) * 1024 >= moved
