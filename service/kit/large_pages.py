"""Asks the system to hold what this process has in memory in large pages: a processor knows by heart where some
thousand pages lie, and what a large program touches for one request is on more small ones than that.

Knows nothing of what is in memory. Linux does it at once from 6.1 on; elsewhere nothing happens.
"""

import ctypes
from collections.abc import Iterator
from pathlib import Path

_SIZE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
_MAPS = Path("/proc/self/maps")
_MADV_COLLAPSE = 25  # of linux/mman.h; Python has no name for it


def collapse_into_large_pages() -> int:
    """How many bytes of the program's own memory are in large pages now. What cannot be moved stays where it is."""
    try:
        size = int(_SIZE.read_text())
        maps = _MAPS.read_text()
    except (OSError, ValueError):
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    # One by one, because the first that cannot be moved would be the last that is tried.
    return sum(size for page in large_pages_in(maps, size) if advise(page, size, _MADV_COLLAPSE) == 0)


def large_pages_in(maps: str, size: int) -> Iterator[int]:
    """The addresses at which large pages fit into memory that is private, writable and of no file, given what
    /proc/self/maps says.
    """
    for line in maps.splitlines():
        addresses, rights, _offset, _device, inode, *name = line.split(maxsplit=5)
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            start, end = (int(address, 16) for address in addresses.split("-"))
            first = -(-start // size) * size
            yield from range(first, end - size + 1, size)
