"""Python packages that Slicer does not bundle: looked up without importing them, installed when the user asks."""

from __future__ import annotations

import importlib
import importlib.metadata
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.errors import SemiSegEmbedError

TORCH = ">=2.4,!=2.9.*"
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
        absent = [] if _installed("torch") else ["PyTorch"]
        return absent + [str(entry) for entry in entries if not slicer.packaging.pip_check(entry)]

    def install(self) -> None:
        """Ask and install; must be called on the main thread.

        Raises:
            SemiSegEmbedError: With what to do, when the PyTorch extension is missing or something was declined.
        """
        import slicer.packaging

        if not _installed("torch"):
            self._install_torch()
        self._set_pending(False)
        try:
            slicer.packaging.pip_ensure(
                slicer.packaging.load_requirements(self._requirements), requester="SemiSegEmbed"
            )
        except Exception as error:
            raise SemiSegEmbedError(_("Packages were not installed: {reason}").format(reason=error)) from error

    @property
    def pending(self) -> bool:
        """Whether an installation waits for the PyTorch extension, which a restart brings."""
        return slicer.util.settingsValue(_PENDING, False, slicer.util.toBool)

    def _install_torch(self) -> None:
        try:
            utilities = importlib.import_module("PyTorchUtils")
        except ImportError as error:
            self._set_pending(True)
            raise SemiSegEmbedError(
                _("Install the extension PyTorch in the Extensions Manager and restart: then this goes on by itself.")
            ) from error
        logic = utilities.PyTorchUtilsLogic()
        if logic.installTorch(askConfirmation=True, torchVersionRequirement=TORCH) is None:
            raise SemiSegEmbedError(_("PyTorch was not installed: training and segmenting need it."))

    @staticmethod
    def _set_pending(pending: bool) -> None:
        qt.QSettings().setValue(_PENDING, pending)


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
