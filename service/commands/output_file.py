"""A file that a command writes under a temporary name and renames when it is complete, so that an incomplete file is
never used.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from service.commands import output

STDOUT = Path("-")


@contextmanager
def written_file(file: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Yield the file to write to, readable by this user only. It gets its final name at the end, and is deleted after
    an error. `-` is standard output.
    """
    if file == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if file.exists() and not force:
        output.fail(f"{file} exists. Name another file, or replace it with --force.", output.MISUSED)
    try:
        handle, name = tempfile.mkstemp(prefix=".carbon-orders-", dir=file.absolute().parent)  # mode 0600
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            if force:
                draft.replace(file)
            else:
                file.hardlink_to(draft)  # unlike renaming, this never replaces an existing file
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        output.fail(f"{file} exists by now. Name another file.")
    except OSError as error:
        output.fail(f"{file} cannot be written: {error.strerror or error}")
