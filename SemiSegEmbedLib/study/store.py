"""`study.json` on disk: reading needs no lock; changing takes it, keeps the state before, and replaces the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import FileLock, atomic_write, explain, read_bytes, remove_abandoned
from SemiSegEmbedLib.study.manifest import SIZE_LIMIT, Manifest, from_json, schema_version, to_json
from SemiSegEmbedLib.study.migrations import SCHEMA_VERSION

MANIFEST_NAME = "study.json"
BACKUP_NAME = "study.json.bak"
LOCK_NAME = ".study.lock"


class ManifestStore:
    """The manifest of one study folder.

    Args:
        folder: The study folder.
        lock_timeout_s: How long a change waits for another program that is changing the study.
    """

    def __init__(self, folder: Path, lock_timeout_s: float = 10.0) -> None:
        self._folder = folder
        self._lock_timeout_s = lock_timeout_s

    @property
    def path(self) -> Path:
        """Where the manifest lies."""
        return self._folder / MANIFEST_NAME

    def lock(self, timeout_s: float | None = None) -> FileLock:
        """The lock that every writer of this study takes; None: wait as long as usual."""
        return FileLock(self._folder / LOCK_NAME, self._lock_timeout_s if timeout_s is None else timeout_s)

    def create(self, manifest: Manifest) -> None:
        """Write the first manifest.

        Raises:
            BadInputError: The folder already holds a study.
        """
        with self.lock():
            if self.path.exists():
                raise BadInputError(
                    f"The folder {self._folder.name} already holds a study: open it, or choose another."
                )
            atomic_write(self.path, to_json(manifest).encode())

    def read(self) -> Manifest:
        """The manifest as it stands on disk.

        Raises:
            BadInputError: There is none, or it is damaged, hostile or too new.
        """
        return from_json(self._text())

    def change(self, edit: Callable[[Manifest], Manifest], lock_timeout_s: float | None = None) -> Manifest:
        """Apply `edit` to the manifest on disk under the lock.

        The state before stays as `study.json.bak`; the file of an older schema also as `study.json.v<N>`.

        Returns:
            The new manifest.
        """
        with self.lock(lock_timeout_s):
            remove_abandoned(self._folder)
            text = self._text()
            manifest = from_json(text)
            changed = edit(manifest)
            if changed != manifest:
                self._keep(text)
                atomic_write(self.path, to_json(changed).encode())
        return changed

    def _keep(self, text: str) -> None:
        version = schema_version(text)
        kept = self._folder / f"{MANIFEST_NAME}.v{version}"
        if version < SCHEMA_VERSION and not kept.exists():
            atomic_write(kept, text.encode())
        atomic_write(self._folder / BACKUP_NAME, text.encode())

    def _text(self) -> str:
        try:
            return read_bytes(self.path, SIZE_LIMIT).decode("utf-8")
        except FileNotFoundError as error:
            hint = (
                f"rename {BACKUP_NAME} to {MANIFEST_NAME}"
                if (self._folder / BACKUP_NAME).exists()
                else ("choose the folder that holds study.json, or create a study")
            )
            raise BadInputError(f"The folder {self._folder.name} holds no study: {hint}.") from error
        except OSError as error:
            raise BadInputError(str(explain(error, "The study's file study.json could not be read"))) from error
        except ValueError as error:
            raise BadInputError(
                "The study's file study.json is too large or not text: restore it from study.json.bak or a backup."
            ) from error
