"""Python packages that Slicer does not bundle: looked up without importing them, installed when the user asks."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.errors import SemiSegEmbedError

TORCH_NAME = "PyTorch"
TORCH = ">=2.4,!=2.9.*"
EXTENSION = "PyTorch"
UTILITIES = "PyTorchUtils"
"""The module of that extension. It is looked for, and imported only to install."""
_PENDING = "SemiSegEmbed/installationPending"


class Installer:
    """Installs PyTorch through the PyTorch extension, and the rest through `slicer.packaging`.

    Args:
        requirements: The module's requirements.txt.
    """

    def __init__(self, requirements: Path) -> None:
        self._requirements = requirements

    def missing(self) -> list[str]:
        """Names of what is missing; nothing is imported to find out (on Windows that would lock files)."""
        import slicer.packaging

        entries = slicer.packaging.load_requirements(self._requirements)
        absent = [] if _installed("torch") else [TORCH_NAME]
        return absent + [str(entry) for entry in entries if not slicer.packaging.pip_check(entry)]

    def install(self) -> None:
        """Ask and install; must be called on the main thread.

        Raises:
            SemiSegEmbedError: With what to do, when the PyTorch extension is missing or something was declined.
        """
        import slicer.packaging

        if not _installed("torch") and not _extension_loaded():
            self._install_extension()
        # Before anything is asked: whoever declines is not asked again at every start.
        self._set_pending(False)
        if not _installed("torch"):
            self._install_torch()
        try:
            slicer.packaging.pip_ensure(
                slicer.packaging.load_requirements(self._requirements), requester="SemiSegEmbed"
            )
        except Exception as error:
            raise SemiSegEmbedError(_("Packages were not installed: {reason}").format(reason=error)) from error
        importlib.invalidate_caches()

    @property
    def can_continue(self) -> bool:
        """Whether an installation waited for the PyTorch extension, which is there since the restart.

        Never in a test of the application: nobody would answer, and it must not fetch anything.
        """
        return self.pending and _extension_loaded() and not slicer.app.testingEnabled()

    @property
    def pending(self) -> bool:
        """Whether an installation waits for the PyTorch extension, which a restart brings."""
        return slicer.util.settingsValue(_PENDING, False, slicer.util.toBool)

    def _install_torch(self) -> None:
        logic = importlib.import_module(UTILITIES).PyTorchUtilsLogic()
        if logic.installTorch(askConfirmation=True, torchVersionRequirement=TORCH) is None:
            raise SemiSegEmbedError(_("PyTorch was not installed: training and segmenting need it."))

    def _install_extension(self) -> None:
        """Fetch the PyTorch extension if the user agrees; Slicer loads it after a restart, so this always raises."""
        self._set_pending(True)
        manager = _extensions_manager()
        question = _("Training needs the extension PyTorch. Install it now? Slicer must be restarted afterwards.")
        agreed = manager is not None and slicer.util.confirmOkCancelDisplay(question, windowTitle="SemiSegEmbed")
        if agreed and _fetched(manager):
            raise SemiSegEmbedError(_("Restart Slicer and open this module: the installation goes on by itself."))
        raise SemiSegEmbedError(
            _("Install the extension PyTorch in the Extensions Manager and restart: then this goes on by itself.")
        )

    @staticmethod
    def _set_pending(pending: bool) -> None:
        qt.QSettings().setValue(_PENDING, pending)


def _fetched(manager: Any) -> bool:
    """Fetch the extension without a second question; tells whether it is there."""
    interactive, manager.interactive = manager.interactive, False
    try:
        return bool(manager.installExtensionFromServer(EXTENSION, False))
    finally:
        manager.interactive = interactive


def _extension_loaded() -> bool:
    return importlib.util.find_spec(UTILITIES) is not None


def _extensions_manager() -> Any:
    """Slicer's extensions manager, or None in a Slicer that was built without it."""
    model = getattr(slicer.app, "extensionsManagerModel", None)
    return None if model is None else model()


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
