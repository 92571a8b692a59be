"""The Annotate panel on its widgets, with Slicer's Segment Editor in it."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.editor_shortcuts import EditorShortcuts
from SemiSegEmbedLib.application.explained import Explained
from SemiSegEmbedLib.application.scene import CaseScene
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.study.records import Case

UNDO_STATES = 20


class AnnotateWidgets:
    """Implements `annotate_presenter.AnnotateView`.

    Args:
        ui: The named widgets of AnnotatePanel.ui.
        window: The module's top widget.
    """

    def __init__(self, ui: Any, window: Any) -> None:
        self._ui = ui
        self._shortcuts = EditorShortcuts(ui.annotateSegmentEditor, window)
        self._prefill = Explained(ui.annotatePrefillButton)
        self.save_clicked = Signal()
        self.save_next_clicked = Signal()
        self.prefill_clicked = Signal()
        self.take_back_clicked = Signal()
        self.window_chosen = Signal()
        self.protect_toggled = Signal()
        self.bone_only_toggled = Signal()
        self.partial_toggled = Signal()
        self.mark_slice_clicked = Signal()
        self._prepare_editor()
        self._connect()

    def _prepare_editor(self) -> None:
        editor = self._ui.annotateSegmentEditor
        editor.segmentationNodeSelectorVisible = False
        editor.sourceVolumeNodeSelectorVisible = False
        editor.switchToSegmentationsButtonVisible = False
        editor.maximumNumberOfUndoStates = UNDO_STATES

    def _connect(self) -> None:
        ui = self._ui
        ui.annotateSaveButton.clicked.connect(lambda *_args: self.save_clicked.emit())
        ui.annotateSaveNextButton.clicked.connect(lambda *_args: self.save_next_clicked.emit())
        ui.annotatePrefillButton.clicked.connect(lambda *_args: self.prefill_clicked.emit())
        ui.annotateTakeBackButton.clicked.connect(lambda *_args: self.take_back_clicked.emit())
        ui.annotateBoneWindowButton.clicked.connect(lambda *_args: self.window_chosen.emit("bone"))
        ui.annotateSoftWindowButton.clicked.connect(lambda *_args: self.window_chosen.emit("soft tissue"))
        ui.annotateProtectCheck.toggled.connect(self.protect_toggled.emit)
        ui.annotateBoneOnlyCheck.toggled.connect(self.bone_only_toggled.emit)
        ui.annotatePartialCheck.toggled.connect(self.partial_toggled.emit)
        ui.annotateMarkSliceButton.clicked.connect(lambda *_args: self.mark_slice_clicked.emit())

    def annotator(self) -> str:
        """Name or initials as typed."""
        return self._ui.annotateByEdit.text.strip()

    def protects(self) -> bool:
        """Whether other labels are protected."""
        return self._ui.annotateProtectCheck.checked

    def draws_bone_only(self) -> bool:
        """Whether only bone can be drawn."""
        return self._ui.annotateBoneOnlyCheck.checked

    def show_annotator(self, name: str) -> None:
        """Fill in the name typed last."""
        self._ui.annotateByEdit.text = name

    def show_case(self, case: Case | None, scene: CaseScene) -> None:
        """Put the case into the editor, or None."""
        editor = self._ui.annotateSegmentEditor
        self._ui.annotateContent.enabled = case is not None
        if case is None:
            self._ui.annotateCaseLabel.text = _("Open a case in the Study section")
            self.leave_editor()
            return
        self._ui.annotateCaseLabel.text = f"{case.key} · {case.name}"
        editor.setMRMLSegmentEditorNode(scene.editor())
        editor.setSegmentationNode(scene.segmentation)
        editor.setSourceVolumeNode(scene.volume)

    def leave_editor(self) -> None:
        """End the active effect, or it would go on handling the mouse and raise at exit."""
        editor = self._ui.annotateSegmentEditor
        editor.setActiveEffect(None)
        if editor.mrmlSegmentEditorNode() is not None:
            # In this order: without a segmentation the editor keeps its volume.
            editor.setSourceVolumeNode(None)
            editor.setSegmentationNode(None)

    def pause_editor(self) -> None:
        """The module is left: no effect and no shortcut stays active."""
        self._ui.annotateSegmentEditor.setActiveEffect(None)
        self._shortcuts.stop()

    def resume_editor(self) -> None:
        """The module is entered."""
        self._shortcuts.start()

    def show_slices(self, partial: bool, marked: set[int]) -> None:
        """Partial annotation and the slices that are marked as finished."""
        self._ui.annotatePartialCheck.checked = partial
        self._ui.annotateMarkSliceButton.visible = partial
        self._ui.annotateSlicesLabel.visible = partial
        text = _("Slices with a drawing count as annotated. Slices without one that you marked: {slices}")
        self._ui.annotateSlicesLabel.text = text.format(slices=ranges(marked) or _("none"))

    def show_prefill(self, possible: bool) -> None:
        """Whether there is a model, or a result of one, to start from."""
        self._prefill.allow("" if possible else _("There is no model yet, or it is at work already."))

    def show_finished(self, finished: bool) -> None:
        """Whether the case in view was saved, so that this can be taken back."""
        self._ui.annotateTakeBackButton.visible = finished

    def save_undo_state(self) -> None:
        """Let the editor's undo come back to what is drawn now."""
        self._ui.annotateSegmentEditor.saveStateForUndo()


def ranges(numbers: set[int]) -> str:
    """Sorted numbers as short text: {1, 2, 3, 7} gives "1-3, 7"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)
