"""Whether a file is still what was once hashed."""

from __future__ import annotations

from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.content import content_hash, fingerprint
from SemiSegEmbedLib.study.files import explain


def verify_file(path: Path, sha256: str, known_fingerprint: str, what: str) -> str | None:
    """Compare a file or DICOM folder with its hash; with the same sizes and times it is not read again.

    Args:
        path: The file or folder.
        sha256: The hash it had.
        known_fingerprint: Its sizes and times when it was hashed, or "".
        what: How to name it ("The CT of case-0001").

    Returns:
        One sentence if it is gone or changed, else None.
    """
    try:
        if not path.exists():
            return f"{what} is no longer where it was: reconnect the disk, or say where it lies now."
        if known_fingerprint and fingerprint(path) == known_fingerprint:
            return None
        if content_hash(path) == sha256:
            return None
    except OSError as error:
        return str(explain(error, f"{what} could not be read"))
    except BadInputError:
        pass
    return f"{what} has changed on disk since it was added: restore the file, or remove the case and add it again."
