"""What training needs of this computer: packages and a device; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.installer import TORCH_NAME, Installer
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.train_expectation import QUICK, Machine
from SemiSegEmbedLib.errors import SemiSegEmbedError


class MachineView(Protocol):
    """The part of the Train panel that speaks of the computer."""

    install_clicked: Signal
    devices_clicked: Signal
    plan_changed: Signal
    preset_is_chosen: bool

    def preset(self) -> str:
        """Name of the chosen preset."""

    def minutes(self) -> float:
        """The time budget."""

    def device(self) -> str:
        """The chosen device."""

    def show_devices(self, devices: Sequence[dict[str, Any]]) -> None:
        """What can be computed on, the best first; empty: not known."""

    def choose_preset(self, name: str | None) -> None:
        """Choose a preset for the user."""

    def show_expectation(self, text: str) -> None:
        """What to expect of a run on this computer."""

    def show_missing(self, packages: Sequence[str]) -> None:
        """Packages that must be installed before training."""


class TrainMachine:
    """Looks for packages and devices, and installs what is missing when the user asks.

    Attributes:
        lacks_torch: Nothing can be trained yet.
        changed: Emitted after packages were looked for.
    """

    def __init__(self, view: MachineView, messages: Messages, installer: Installer) -> None:
        self._view = view
        self._messages = messages
        self._installer = installer
        self._looking = Errand()
        self._machine = Machine()
        self.lacks_torch = False
        self.changed = Signal()
        view.install_clicked.connect(self.install)
        view.devices_clicked.connect(self.look_for_devices)
        view.plan_changed.connect(self._show_expectation)

    def enter(self) -> None:
        """The panel comes into view: what is installed, and what it can compute on."""
        missing = self._installer.missing()
        self._view.show_missing(missing)
        self.lacks_torch = TORCH_NAME in missing
        self.changed.emit()
        if not missing and not self._machine.devices:
            self.look_for_devices()

    def continue_installation(self) -> None:
        """Go on with what the user asked for before Slicer was restarted; asks again before it installs."""
        if self._installer.can_continue:
            self.install()

    def install(self) -> None:
        """Install what is missing; Slicer's own dialogs ask and show progress."""
        try:
            self._installer.install()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
        self.enter()

    def look_for_devices(self) -> None:
        """Ask a child process for GPUs, their free memory, and what to expect of them."""
        self._view.show_expectation(_("Looking for a graphics card (GPU) ..."))
        self._looking.start(["devices", "--expect"], self._show_machine, self._failed)

    def _failed(self, sentence: str) -> None:
        self._view.show_expectation("")
        self._messages.warn(sentence)

    def _show_machine(self, found: dict[str, Any]) -> None:
        self._machine = Machine(tuple(found["devices"]), found["expected"], found["problem"])
        self._view.show_devices(found["devices"])
        if self._machine.only_processor and not self._view.preset_is_chosen:
            self._view.choose_preset(QUICK)
        self._show_expectation()

    def _show_expectation(self) -> None:
        view = self._view
        view.show_expectation(self._machine.expectation(view.device(), view.preset(), view.minutes()))

    def tick(self) -> None:
        """Deliver what the child process has to say."""
        self._looking.poll()

    def cleanup(self) -> None:
        """End the child process."""
        self._looking.cancel()
