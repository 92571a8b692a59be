"""The module's window: builds the panels, ties them to the session, and keeps them going."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.annotate_presenter import AnnotatePresenter
from SemiSegEmbedLib.application.annotate_view import AnnotateWidgets
from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.dialogs import MessageStrip, SlicerDialogs
from SemiSegEmbedLib.application.guide import next_step, situation
from SemiSegEmbedLib.application.guide_view import GuideStrip, reveal
from SemiSegEmbedLib.application.installer import Installer
from SemiSegEmbedLib.application.interaction import Dialogs
from SemiSegEmbedLib.application.lending import LEND_EVERY_MS, lend, working
from SemiSegEmbedLib.application.models_presenter import ModelsPresenter
from SemiSegEmbedLib.application.models_view import ModelsWidgets
from SemiSegEmbedLib.application.overlays import Overlay
from SemiSegEmbedLib.application.review_presenter import ReviewPresenter
from SemiSegEmbedLib.application.review_view import ReviewWidgets
from SemiSegEmbedLib.application.sample_data import SampleStudy
from SemiSegEmbedLib.application.scene import CaseScene, is_waiting
from SemiSegEmbedLib.application.segment_presenter import SegmentPresenter
from SemiSegEmbedLib.application.segment_view import SegmentWidgets
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.settings import Settings
from SemiSegEmbedLib.application.study_presenter import StudyPresenter
from SemiSegEmbedLib.application.study_view import StudyWidgets
from SemiSegEmbedLib.application.train_presenter import TrainPresenter
from SemiSegEmbedLib.application.train_view import TrainWidgets
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.jobs.run_folder import RunState

TICK_MS = 200
AUTOSAVE_AFTER_S = 60.0
ICONS = ("to_do", "partial", "annotated", "reviewed", "predicted", "held_out", "excluded", "warning", "error")


class ModuleWindow:
    """Everything below the module's title.

    Args:
        resource_path: Gives the path of a file in the module's Resources folder.
        dialogs: Questions to the user; None: Slicer's own dialogs.
    """

    def __init__(self, resource_path: Callable[[str], str], dialogs: Dialogs | None = None) -> None:
        self._resource_path = resource_path
        self.widget = slicer.util.loadUI(resource_path("UI/SemiSegEmbed.ui"))
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.session = Session()
        self.background = Background()
        self.messages = MessageStrip(self.ui.moduleMessageLabel)
        self.workbench = Workbench(self.session, CaseScene(), self.background, self.messages)
        self.panels = {
            name: self._panel(name) for name in ("Study", "Annotate", "Train", "Review", "Segment", "Models")
        }
        self._settings = Settings()
        self._dialogs = dialogs or SlicerDialogs()
        self.guide = GuideStrip(self.ui.moduleGuideLabel, self.ui.moduleGuideButton)
        self._build_presenters()
        self._guide_through_the_work()
        self._last_draft = time.monotonic()
        self.timer = qt.QTimer(self.widget)
        self.timer.interval = TICK_MS
        self.timer.timeout.connect(self.tick)
        self.timer.start()
        self.lender = qt.QTimer(self.widget)
        self.lender.interval = LEND_EVERY_MS
        self.lender.timeout.connect(self._lend)

    def _panel(self, name: str) -> Any:
        panel = slicer.util.loadUI(self._resource_path(f"UI/{name}Panel.ui"))
        getattr(self.ui, f"module{name}Fold").layout().addWidget(panel)
        panel.setMRMLScene(slicer.mrmlScene)
        return panel

    def _icon(self, name: str) -> Any:
        """A status icon that keeps its colours in a selected row."""
        icon, pixmap = qt.QIcon(), qt.QPixmap(self._resource_path(f"Icons/{name}.png"))
        for mode in (qt.QIcon.Normal, qt.QIcon.Selected):
            icon.addPixmap(pixmap, mode)
        return icon

    def _build_presenters(self) -> None:
        icons = {name: self._icon(name) for name in ICONS}
        uis = {name: slicer.util.childWidgetVariables(panel) for name, panel in self.panels.items()}
        self._uis = uis
        study_view = StudyWidgets(uis["Study"], icons)
        self.annotate_view = AnnotateWidgets(uis["Annotate"], self.widget)
        common = (self._dialogs, self.messages, self._settings)
        self.study = StudyPresenter(study_view, self.workbench, self.background, *common)
        self.samples = SampleStudy(study_view, self.study, self.session, self._dialogs, self.messages)
        self.annotate = AnnotatePresenter(self.annotate_view, self.workbench, *common)
        installer = Installer(Path(self._resource_path("requirements.txt")))
        overlay = Overlay()
        self.train = TrainPresenter(TrainWidgets(uis["Train"]), self.session, overlay, self.messages, installer)
        review_view = ReviewWidgets(uis["Review"])
        reviewer = self.annotate_view.annotator
        self.review = ReviewPresenter(review_view, self.workbench, overlay, self.messages, self._edit_result, reviewer)
        segment_view = SegmentWidgets(uis["Segment"], icons)
        self.segment = SegmentPresenter(segment_view, self.session, self._dialogs, self.messages)
        self._share_the_views(overlay)
        models_view = ModelsWidgets(uis["Models"])
        self.models = ModelsPresenter(models_view, self.session, self._dialogs, self.messages, self._use_model)
        self.session.study_changed.connect(self._say_what_is_open)
        self.workbench.opened.connect(self._unfold_annotate)
        self.ui.moduleModelsFold.contentsCollapsed.connect(lambda folded: self.models.enter(not folded))
        self.ui.moduleTrainFold.contentsCollapsed.connect(self._train_folded)

    def _share_the_views(self, overlay: Overlay) -> None:
        """Nothing of the case lies over the CT of a result, and the case comes back when it is worked on."""
        scene = self.workbench.scene
        self.segment.showing.connect(overlay.hide)
        overlay.changed.connect(lambda name: None if name is None else scene.come_back())
        self.ui.moduleAnnotateFold.contentsCollapsed.connect(lambda folded: None if folded else scene.come_back())

    def _guide_through_the_work(self) -> None:
        session = self.session
        for signal in (session.study_changed, session.cases_changed, session.case_changed):
            signal.connect(self._look_around)
        self.guide.clicked.connect(self._go_on)
        self._look_around()

    def _look_around(self) -> None:
        recent = next(iter(self._settings.recent_studies()), None)
        self._guided_in = run, adding = self._under_way()
        self.guide.show(next_step(situation(self.workbench, run, recent, adding)))

    def _under_way(self) -> tuple[RunState | None, bool]:
        """What changes without a signal: where the run stands, and whether scans come in."""
        return self.train.state, self.samples.busy or self.study.busy

    def _go_on(self) -> None:
        """Lead to what comes next."""
        step, folded = self.guide.step, self.ui.moduleAnnotateFold.collapsed
        if step.folder is not None:
            self.study.reopen(step.folder)
            return
        if step.case_key:
            self.workbench.open(step.case_key)
        if step.section != "Annotate":
            self.ui.moduleAnnotateFold.collapsed = folded
        getattr(self.ui, f"module{step.section}Fold").collapsed = False
        reveal(getattr(self._uis[step.section], step.control))

    def _edit_result(self) -> bool:
        done = self.annotate.prefill()
        if done:
            self._unfold_annotate()
        return done

    def _say_what_is_open(self) -> None:
        if self.session.study is None:
            return
        text = _("The study {name} is open.").format(name=self.session.study.name)
        drafts = ", ".join(case.name for case in self.workbench.drafts())
        if drafts:
            text += " " + _("Drawings that were never saved are kept: {cases}.").format(cases=drafts)
        self.messages.tell(text)

    def _use_model(self, model: str) -> None:
        self.segment.choose_model(model)
        self.ui.moduleSegmentFold.collapsed = False

    def _unfold_annotate(self) -> None:
        """Room for drawing: with Study unfolded as well, Save would lie far below the edge of the screen."""
        if self.ui.moduleAnnotateFold.collapsed:
            self.ui.moduleStudyFold.collapsed = True
            self.ui.moduleAnnotateFold.collapsed = False

    def _train_folded(self, folded: bool) -> None:
        if not folded:
            self.train.machine.enter()

    def open_study(self, folder: Path) -> None:
        """Open a study, for example the one that a loaded scene names."""
        if self.session.study is None or self.session.study.folder != folder:
            self.study.open(folder)

    def tick(self) -> None:
        """Deliver what threads, child processes and runs have to say; keep unsaved work as a draft."""
        if is_waiting():
            return
        self.background.poll()
        for presenter in (self.study, self.annotate, self.samples, self.train, self.review, self.segment, self.models):
            presenter.tick()
        if self._under_way() != self._guided_in:
            self._look_around()
        if time.monotonic() - self._last_draft > AUTOSAVE_AFTER_S:
            self._last_draft = time.monotonic()
            self.workbench.keep_draft()
        if working() and not self.lender.active:
            self.lender.start()

    def _lend(self) -> None:
        """Let threads work; what the last one has done is delivered at once."""
        if not lend():
            self.lender.stop()
            self.tick()

    def enter(self) -> None:
        """The module comes into view."""
        self.annotate_view.resume_editor()
        # A moment later, because it may ask: the module is then in view behind the question.
        qt.QTimer.singleShot(0, self.train.machine.continue_installation)

    def exit(self) -> None:
        """Another module comes into view."""
        self.annotate_view.pause_editor()

    def scene_closes(self) -> None:
        """The scene is about to lose its nodes: keep what was drawn."""
        self.workbench.keep_draft()
        self.annotate_view.leave_editor()
        self.workbench.scene.forget()
        self.session.show(None)

    def cleanup(self) -> None:
        """The module is unloaded or reloaded, or Slicer exits."""
        self.timer.stop()
        self.lender.stop()
        self.workbench.keep_draft()
        self.annotate_view.pause_editor()
        self.annotate_view.leave_editor()
        for presenter in (self.study, self.annotate, self.samples, self.train, self.review, self.segment, self.models):
            presenter.cleanup()
        self.background.finish()
        for panel in self.panels.values():
            panel.setMRMLScene(None)
