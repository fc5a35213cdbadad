"""Version of an installed distribution."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(distribution: str) -> str:
    """Return the version, or `unknown` where the code runs without having been installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
