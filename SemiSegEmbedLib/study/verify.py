"""Whether a file is still what was once hashed."""

from __future__ import annotations

from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.content import content_hash, fingerprint
from SemiSegEmbedLib.study.files import explain


def check_file(path: Path, sha256: str, known_fingerprint: str, what: str) -> str:
    """Compare a file or DICOM folder with its hash; with the same sizes and times it is not read again.

    Args:
        path: The file or folder.
        sha256: The hash it had.
        known_fingerprint: Its sizes and times when it was hashed, or "".
        what: How to name it ("The CT of case-0001").

    Returns:
        Its fingerprint now.

    Raises:
        BadInputError: It is gone, unreadable or changed.
    """
    now = ""
    try:
        if path.exists():
            now = fingerprint(path)
            if now == known_fingerprint or content_hash(path) == sha256:
                return now
    except BadInputError:
        now = ""  # an empty folder: what was said names it, and a folder may be named after a patient
    except OSError as error:
        raise BadInputError(str(explain(error, f"{what} could not be read"))) from error
    if not now:
        raise BadInputError(f"{what} is no longer where it was: reconnect the disk, or say where it lies now.")
    raise BadInputError(f"{what} changed on disk after it was added: restore the file, or remove the case and add it.")
