"""Documents that requests name by their SHA-256 instead of sending them: registered ones, and ones that clients sent.

The hash is in `documentId` by GraphQL over HTTP (its appendix on persisted documents), or in
`extensions.persistedQuery` by Apollo's clients. A document from a client is limited and validated like any other.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from graphql import GraphQLError

from service.api.graphql.transport.request_parsing import BadRequest, GraphQLRequest
from service.plans.cache import BoundedCache

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
PREFIX = "sha256:"
_GUESTS_PART = 10
_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedDocuments:
    """Store of documents by hash. `registered` are configured texts; with `only`, no others are run. Documents that
    clients send are kept in memory within the two bounds; a client that gets NOT_FOUND sends the text again. Documents
    of callers without a key have separate bounds of a tenth, so that they do not displace others.
    """

    def __init__(
        self, registered: Mapping[str, str], *, only: bool = False, entries_max: int = 1_000, bytes_max: int = 4_000_000
    ) -> None:
        self._registered = dict(registered)
        self._only = only
        self._shown: BoundedCache[str] = BoundedCache(entries_max=entries_max, bytes_max=bytes_max)
        self._guests_shown: BoundedCache[str] = BoundedCache(
            entries_max=max(1, entries_max // _GUESTS_PART), bytes_max=bytes_max // _GUESTS_PART
        )

    def text_of(self, request: GraphQLRequest, *, is_guest: bool = False) -> str:
        """Return the document to run. Raises GraphQLError with the code NOT_FOUND, or NOT_SUPPORTED if only registered
        ones may run, and BadRequest for an invalid hash or the hash of another document.
        """
        named = _hash_of(request)
        if named is None:
            if self._only and _hashed(request.query) not in self._registered:
                raise _refused("Only registered documents are run.", NOT_SUPPORTED)
            return request.query
        text = self._registered.get(named)
        if text is None and not self._only:
            text = self._shown.get(named) or self._guests_shown.get(named)
        if not request.query:
            if text is None:
                # Apollo's clients expect this message before they send the text.
                raise _refused("PersistedQueryNotFound", NOT_FOUND)
            return text
        if _hashed(request.query) != named:
            raise BadRequest(400, "The document is not the one that its hash names.")
        if text is None and self._only:
            raise _refused("PersistedQueryNotSupported", NOT_SUPPORTED)
        if text is None:
            kept = self._guests_shown if is_guest else self._shown
            kept.put(named, request.query, len(request.query) * 4)
        return text or request.query


def load_registered(path: Path) -> dict[str, str]:
    """Return the texts by hash of a JSON file that maps `sha256:…` to documents.

    Raise ValueError for a file that cannot be read, is no such map, or gives a text a name that is not its hash.
    """
    try:
        documents = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, or nested too deeply
        raise ValueError(f"{path} is no JSON file: {error}.") from error
    if not isinstance(documents, dict):
        raise ValueError(  # noqa: TRY004 - it tells of the file
            f"{path} holds no JSON object of documents by sha256:<hash>."
        )
    registered = {}
    for name, text in documents.items():
        digest = name.removeprefix(PREFIX)
        if not isinstance(text, str) or _hashed(text) != digest:
            raise ValueError(f"{path}: {name[:80]} is not the SHA-256 of its document.")
        registered[digest] = text
    return registered


def _hash_of(request: GraphQLRequest) -> str | None:
    """Return the hash by which the request names its document, if it has one."""
    if request.document_id is not None:
        if not request.document_id.startswith(PREFIX):
            raise _refused("Documents are named sha256: and their hash.", NOT_FOUND)
        return _checked(request.document_id.removeprefix(PREFIX))
    named = (request.extensions or {}).get("persistedQuery")
    if named is None:
        return None
    if not isinstance(named, dict) or named.get("version") != 1 or not isinstance(named.get("sha256Hash"), str):
        raise BadRequest(400, "persistedQuery is an object with version 1 and a sha256Hash.")
    return _checked(named["sha256Hash"])


def _checked(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise BadRequest(400, "A SHA-256 is 64 digits of 0-9 and a-f.")
    return text


def _hashed(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _refused(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})
