"""What an image is, byte by byte: the hash and the copy of a file or of a DICOM folder."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import explain, remove, sha256_file, sync_file, sync_folder
from SemiSegEmbedLib.study.paths import file_suffix

_DETACHED_HEADERS = (".mhd", ".nhdr", ".hdr", ".img")


def image_files(path: Path) -> list[Path]:
    """The file itself, or all files of a DICOM folder in the order of their names, hidden ones left out.

    Raises:
        BadInputError: Nothing is there, the folder is empty, or the voxels lie in a second file.
    """
    if path.is_dir():
        files = sorted(
            (entry for entry in path.iterdir() if entry.is_file() and not _is_hidden(entry)),
            key=lambda entry: entry.name,
        )
        if not files:
            raise BadInputError(f"The folder {path.name} holds no files: choose the folder with the DICOM slices.")
        return files
    if not path.is_file():
        raise BadInputError(f"{path.name} is not there: check the path, and that the disk is connected.")
    if file_suffix(path) in _DETACHED_HEADERS:
        raise BadInputError(f"{path.name} keeps its voxels in a second file: save it as .nii.gz, .nrrd or .mha first.")
    return [path]


def fingerprint(path: Path) -> str:
    """Sizes and modification times in a short text that holds no names.

    Raises:
        BadInputError: As `image_files`.
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for file in image_files(path):
        state = file.stat()
        digest.update(f"{file.name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of the hashes of all files of a folder in name order.

    Raises:
        BadInputError: As `image_files`.
        OSError: A file cannot be read.
    """
    if not path.is_dir():
        return sha256_file(image_files(path)[0])
    digest = hashlib.sha256()
    for file in image_files(path):
        digest.update(bytes.fromhex(sha256_file(file)))
    return digest.hexdigest()


def hash_steadily(path: Path) -> tuple[str, str]:
    """Hash an image that must not change meanwhile.

    Returns:
        Its hash and its fingerprint.

    Raises:
        BadInputError: It is missing, unreadable, or another program is still writing it.
    """
    try:
        before = fingerprint(path)
        digest = content_hash(path)
        if fingerprint(path) != before:
            raise BadInputError(f"{path.name} is still being written: try again when it is complete.")
    except OSError as error:
        raise BadInputError(str(explain(error, f"{path.name} could not be read"))) from error
    return digest, before


def copy_image(source: Path, target: Path) -> None:
    """Copy an image to a new place and flush it; slices of a folder are numbered, their names stay behind.

    Args:
        source: A file or a DICOM folder.
        target: Where the file or folder is created; it must not exist.

    Raises:
        SemiSegEmbedError: The copy failed; nothing is left of it.
    """
    try:
        if not source.is_dir():
            _copy_file(source, target)
        else:
            target.mkdir()
            for number, file in enumerate(image_files(source), start=1):
                _copy_file(file, target / f"{number:06d}{file_suffix(file)}")
            sync_folder(target)
    except OSError as error:
        remove(target)
        raise explain(error, "The CT could not be copied into the study") from error


def _copy_file(source: Path, target: Path) -> None:
    with open(source, "rb") as reader, open(target, "xb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        sync_file(writer.fileno())


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in ("thumbs.db", "desktop.ini", "dicomdir")
