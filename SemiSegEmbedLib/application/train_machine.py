"""What training needs of this computer: packages and a device; no Qt here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.installer import Installer
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.train_expectation import Machine
from SemiSegEmbedLib.errors import SemiSegEmbedError


class MachineView(Protocol):
    """The part of the Train panel that speaks of the computer."""

    install_clicked: Signal
    devices_clicked: Signal
    plan_changed: Signal

    def preset(self) -> str:
        """Name of the chosen preset."""

    def minutes(self) -> float:
        """The time budget."""

    def device(self) -> str:
        """The chosen device."""

    def show_devices(self, devices: Sequence[dict[str, Any]]) -> None:
        """What can be computed on, the best first; empty: not known."""

    def show_expectation(self, text: str) -> None:
        """What to expect of a run on this computer."""

    def show_missing(self, packages: Sequence[str]) -> None:
        """Packages that must be installed before training."""


class TrainMachine:
    """Looks for packages and devices, and installs what is missing when the user asks."""

    def __init__(self, view: MachineView, messages: Messages, installer: Installer) -> None:
        self._view = view
        self._messages = messages
        self._installer = installer
        self._looking = Errand()
        self._machine = Machine()
        view.install_clicked.connect(self.install)
        view.devices_clicked.connect(self.look_for_devices)
        view.plan_changed.connect(self._show_expectation)

    def enter(self) -> None:
        """The panel comes into view: what is installed, and what it can compute on."""
        missing = self._installer.missing()
        self._view.show_missing(missing)
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
        self._looking.start(["devices", "--expect"], self._show_machine, self._messages.warn)

    def _show_machine(self, found: dict[str, Any]) -> None:
        self._machine = Machine(tuple(found["devices"]), found["expected"], found["problem"])
        self._view.show_devices(found["devices"])
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
