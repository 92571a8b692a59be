"""Files on their way into a study: hashed and copied before the lock is taken, renamed into place under it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.content import content_hash, copy_image, fingerprint, hash_steadily
from SemiSegEmbedLib.study.files import explain, remove, remove_abandoned, replace, temporary_beside
from SemiSegEmbedLib.study.paths import file_suffix, inside, stored_path
from SemiSegEmbedLib.study.records import Case, ImageReference


@dataclass(frozen=True)
class IncomingFile:
    """An image or label that was hashed, and copied to a temporary name in the study if it is to stay there.

    Attributes:
        source: Where it came from.
        sha256: Hash of its content.
        fingerprint: Sizes and times of the source when it was hashed.
        temporary: The copy, or None when the study only refers to the source.
    """

    source: Path
    sha256: str
    fingerprint: str
    temporary: Path | None = None

    @property
    def suffix(self) -> str:
        """The suffix that tells the format, empty for a folder."""
        return "" if self.source.is_dir() else file_suffix(self.source)

    @property
    def title(self) -> str:
        """The name of the file without its suffix, or of the folder."""
        return self.source.name[: len(self.source.name) - len(self.suffix)] or self.source.name

    def discard(self) -> None:
        """Remove the temporary copy if it is still there."""
        if self.temporary is not None:
            remove(self.temporary)


def hash_incoming(path: Path | str) -> IncomingFile:
    """Hash a file or DICOM folder that stays where it is.

    Raises:
        BadInputError: It is missing or still being written.
    """
    source = Path(path).absolute()
    return IncomingFile(source, *hash_steadily(source))


def copy_incoming(incoming: IncomingFile, folder: Path, place: str) -> IncomingFile:
    """Copy into the study, under a temporary name.

    Args:
        incoming: What was hashed.
        folder: The study folder.
        place: The folder below it, with forward slashes.

    Raises:
        BadInputError: The source changed meanwhile, or a link leads the place out of the study.
        SemiSegEmbedError: The copy failed.
    """
    target_folder = inside(folder, place, f"The folder {place}")
    try:
        for level in (*reversed(target_folder.relative_to(folder).parents[:-1]), Path(place)):
            (folder / level).mkdir(exist_ok=True)  # and not the study itself, which may have disappeared
    except OSError as error:
        raise explain(error, f"The folder {place} could not be created") from error
    remove_abandoned(target_folder)
    temporary = temporary_beside(target_folder / f"copy{incoming.suffix}")
    copied = IncomingFile(incoming.source, incoming.sha256, incoming.fingerprint, temporary)
    copy_image(incoming.source, temporary)
    if content_hash(temporary) != incoming.sha256:
        copied.discard()
        raise BadInputError(f"{incoming.source.name} is still being written: try again when it is complete.")
    return copied


def settle_image(incoming: IncomingFile, folder: Path, key: str, series_uid: str | None) -> ImageReference:
    """Give a copied image its final name (or refer to the source); call it under the study's lock."""
    if incoming.temporary is None:
        path = stored_path(incoming.source, folder)
        return ImageReference(path, incoming.sha256, series_uid, fingerprint=incoming.fingerprint)
    # The hash in the name keeps a copy that an interrupted change left behind from being taken for another scan.
    target = incoming.temporary.with_name(f"{key}-{incoming.sha256[:8]}{incoming.suffix}")
    if not target.is_dir():
        _move(incoming.temporary, target, "The CT")
    path = f"{target.parent.name}/{target.name}"
    return ImageReference(path, incoming.sha256, series_uid, copied=True, fingerprint=fingerprint(target))


def settle_label(incoming: IncomingFile, case: Case) -> tuple[str, str]:
    """Give a copied label the next version's name, which no file has ever had; call it under the study's lock.

    Returns:
        Its path relative to the study folder, and its fingerprint there.
    """
    if incoming.temporary is None:
        raise ValueError("labels are always copied")
    place = incoming.temporary.parent
    used = {entry.name.split(".")[0] for entry in place.glob("v*")}
    used |= {version.path.rsplit("/", 1)[-1].split(".")[0] for version in case.labels}
    number = len(case.labels) + 1
    while f"v{number:04d}" in used:
        number += 1
    target = place / f"v{number:04d}{incoming.suffix}"
    _move(incoming.temporary, target, "The label")
    return f"labels/{case.key}/{target.name}", fingerprint(target)


def _move(source: Path, target: Path, what: str) -> None:
    try:
        replace(source, target)
    except OSError as error:
        raise explain(error, f"{what} could not be saved") from error
