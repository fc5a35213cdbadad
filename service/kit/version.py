"""Version of an installed distribution."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def installed_version(distribution: str) -> str:
    """Return the version, or `unknown` where the code runs without having been installed. Read once: it takes
    milliseconds.
    """
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
