"""The Review panel on its widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.case_rows import share
from SemiSegEmbedLib.application.explained import Explained
from SemiSegEmbedLib.application.legend_label import show_legend
from SemiSegEmbedLib.application.model_text import model_name
from SemiSegEmbedLib.application.overlays import Entry
from SemiSegEmbedLib.application.review_cases import Ranking
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.study.records import Case, ResultRecord


class ReviewWidgets:
    """Implements `review_presenter.ReviewView`.

    Args:
        ui: The named widgets of ReviewPanel.ui.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self.segment_clicked = Signal()
        self.cancel_clicked = Signal()
        self.overlay_clicked = Signal()
        self.opacity_changed = Signal()
        self.place_chosen = Signal()
        self.decided = Signal()
        self.take_back_clicked = Signal()
        self.rank_clicked = Signal()
        self.case_chosen = Signal()
        self._case_keys: list[str] = []
        self._places: list[dict[str, Any]] = []
        self._segment = Explained(ui.reviewSegmentButton)
        self._rank = Explained(ui.reviewRankButton)
        self._overlay_buttons = {
            "prediction": ui.reviewPredictionButton,
            "uncertainty": ui.reviewUncertaintyButton,
            "matched": ui.reviewMatchedButton,
            "provenance": ui.reviewProvenanceButton,
            "difference": ui.reviewDifferenceButton,
        }
        self._connect()
        self.show_work("")
        self.show_overlay(None, [])

    def _connect(self) -> None:
        ui = self._ui
        ui.reviewSegmentButton.clicked.connect(lambda *_args: self.segment_clicked.emit())
        ui.reviewCancelButton.clicked.connect(lambda *_args: self.cancel_clicked.emit())
        for name, button in self._overlay_buttons.items():
            button.clicked.connect(lambda *_args, name=name: self.overlay_clicked.emit(name))
        ui.reviewOpacitySlider.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))
        ui.reviewPlaceList.currentRowChanged.connect(self.place_chosen.emit)
        ui.reviewPreviousButton.clicked.connect(lambda *_args: self._step(-1))
        ui.reviewNextButton.clicked.connect(lambda *_args: self._step(1))
        for button, status in (
            (ui.reviewAcceptButton, "accepted"),
            (ui.reviewEditButton, "edited"),
            (ui.reviewRejectButton, "rejected"),
        ):
            button.clicked.connect(lambda *_args, status=status: self.decided.emit(status))
        ui.reviewTakeBackButton.clicked.connect(lambda *_args: self.take_back_clicked.emit())
        ui.reviewRankButton.clicked.connect(lambda *_args: self.rank_clicked.emit())
        ui.reviewCaseList.itemActivated.connect(lambda *_args: self._choose_case())
        ui.reviewOpenCaseButton.clicked.connect(lambda *_args: self._choose_case())

    def _choose_case(self) -> None:
        row = self._ui.reviewCaseList.currentRow
        if 0 <= row < len(self._case_keys):
            self.case_chosen.emit(self._case_keys[row])

    def _step(self, by: int) -> None:
        places = self._ui.reviewPlaceList
        if not self._places:
            return
        before, count = places.currentRow, len(self._places)
        places.currentRow = count - 1 if by < 0 and before < 0 else (before + by) % count
        if places.currentRow == before:
            # The only place: the views may have been moved away from it.
            self.place_chosen.emit(before)

    def show_case(
        self, case: Case | None, result: ResultRecord | None, places: Sequence[dict[str, Any]], classes: int = 2
    ) -> None:
        """The case, its newest result and the most uncertain places in it, among so many classes."""
        self._ui.reviewContent.enabled = result is not None
        label = None if case is None else case.label
        self._ui.reviewTakeBackButton.enabled = label is not None and bool(label.accepted_from)
        self._ui.reviewStateLabel.text = state_text(case, result)
        model = (
            "" if result is None else _("Segmented by the model {model}.").format(model=model_name(result.model_id))
        )
        self._ui.reviewStateLabel.toolTip = model
        listing = self._ui.reviewPlaceList
        # The places of another case, or of another model, are looked at from the first one on.
        row = listing.currentRow if list(places) == self._places else -1
        self._places = list(places)
        listing.blockSignals(True)
        listing.clear()
        for rank, place in enumerate(places, 1):
            text = _("{rank}. {size:.1f} cm³, {percent:.0f} % unsure")
            percent = 100 * share(place["mean_uncertainty"], classes)
            listing.addItem(text.format(rank=rank, size=place["size_mm3"] / 1000, percent=percent))
        if result is not None and not places:
            listing.addItem(_("No place is uncertain."))
        listing.currentRow = row
        if row < 0:
            listing.scrollToTop()
        listing.blockSignals(False)
        self._ui.reviewPreviousButton.enabled = self._ui.reviewNextButton.enabled = bool(places)

    def teaches(self) -> bool:
        """Whether accepted results are to train."""
        return self._ui.reviewTeachCheck.checked

    def show_model(self, why_not: str) -> None:
        """Why the case in view cannot be segmented; empty: it can."""
        self._segment.allow(why_not)

    def show_overlay(self, name: str | None, entries: Sequence[Entry]) -> None:
        """Which overlay is shown, and its legend."""
        for key, button in self._overlay_buttons.items():
            button.checked = key == name
            # Bold too: in a dark theme a pressed button looks much like the others.
            font = button.font
            font.setBold(key == name)
            button.font = font
        show_legend(self._ui.reviewLegendLabel, entries)

    def show_ranking(self, ranking: Ranking, why_not: str, classes: int = 2) -> None:
        """Which cases are worth annotating next; why no model can look at more of them, empty if one can."""
        listing = self._ui.reviewCaseList
        chosen = self._case_keys[listing.currentRow] if 0 <= listing.currentRow < len(self._case_keys) else ""
        self._case_keys = [case.key for case in ranking.cases]
        listing.clear()
        for rank, case in enumerate(ranking.cases, 1):
            text = _("{rank}. {name}, {percent:.0f} % unsure")
            if not case.newest_model:
                text = _("{rank}. {name}, {percent:.0f} % unsure (an older model)")
            listing.addItem(text.format(rank=rank, name=case.name, percent=100 * share(case.uncertainty, classes)))
        listing.currentRow = self._case_keys.index(chosen) if chosen in self._case_keys else -1
        self._rank.allow(why_not)
        self._ui.reviewOpenCaseButton.enabled = bool(ranking.cases)
        unseen = _("Not looked at yet: {count}. Press Rank cases.").format(count=ranking.unseen)
        self._ui.reviewUnseenLabel.text = unseen
        self._ui.reviewUnseenLabel.visible = ranking.unseen > 0

    def show_work(self, text: str) -> None:
        """How far segmenting is, or an empty text."""
        self._ui.reviewWorkLabel.text = text
        self._ui.reviewCancelButton.visible = bool(text)
        self._ui.reviewSegmentButton.visible = not text


def state_text(case: Case | None, result: ResultRecord | None) -> str:
    """The case and what is known of its newest result, in one or two lines."""
    if case is None:
        return _("Open a case in the Study section.")
    if result is None:
        return _("{case} was not segmented yet.").format(case=case.name)
    words = {"new": _("not reviewed"), "accepted": _("accepted"), "rejected": _("rejected"), "edited": _("edited")}
    parts = [case.name, words.get(result.status, result.status)]
    names = {
        "annotated": _("annotated"),
        "confident": _("confident"),
        "matched": _("matched"),
        "neither": _("neither"),
    }
    for key, name in names.items():
        fraction = result.facts.get(key)
        if isinstance(fraction, int | float) and fraction >= 0.005:
            parts.append(f"{name} {100 * fraction:.0f} %")
    return " · ".join(parts)
