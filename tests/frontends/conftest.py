"""The running service over a shop on either database, as for the tests of its APIs."""

from tests.api.conftest import api

__all__ = ["api"]
