"""What a study holds at one moment; reading it takes no lock and touches no file."""

from __future__ import annotations

from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study import classes, edits
from SemiSegEmbedLib.study.manifest import Manifest
from SemiSegEmbedLib.study.paths import inside
from SemiSegEmbedLib.study.records import Case, Label, ResultRecord, RunRecord


class StudySnapshot:
    """The reading half of `Study`.

    Attributes:
        folder: The study folder.
        manifest: What `study.json` said when it was last read.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    @property
    def name(self) -> str:
        """What people call the study."""
        return self.manifest.name

    @property
    def labels(self) -> tuple[Label, ...]:
        """What is annotated and learned."""
        return self.manifest.labels

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases in the order in which they were added."""
        return self.manifest.cases

    @property
    def spacing_mm(self) -> float:
        """Voxel size of the training grid."""
        return self.manifest.spacing_mm

    @property
    def runs(self) -> tuple[RunRecord, ...]:
        """Training runs, oldest first."""
        return self.manifest.runs

    @property
    def results(self) -> tuple[ResultRecord, ...]:
        """Results, oldest first."""
        return self.manifest.results

    @property
    def runs_folder(self) -> Path:
        """Where run folders lie."""
        return self._own("runs")

    @property
    def models_folder(self) -> Path:
        """Where model files lie."""
        return self._own("models")

    @property
    def cache_folder(self) -> Path:
        """Where arrays are cached; it can be deleted at any time."""
        return self._own("cache")

    @property
    def results_folder(self) -> Path:
        """Where maps and labels of models lie."""
        return self._own("results")

    def _own(self, name: str) -> Path:
        """A folder of the study; nothing is read or written through a link that leads out of it."""
        return inside(self.folder, name, f"The folder {name}")

    def case(self, key: str) -> Case:
        """The case with a key.

        Raises:
            BadInputError: There is none.
        """
        return edits.find_case(self.manifest, key)

    def classes(self) -> dict[int, int]:
        """Label value to training class."""
        return classes.training_classes(self.labels)

    @property
    def class_count(self) -> int:
        """Number of training classes, background included."""
        return classes.class_count(self.labels)

    def result_label(self, training_class: int, side: str | None = None) -> Label:
        """The label that a region of a class gets on one side of the body; see `classes.result_label`."""
        return classes.result_label(self.labels, training_class, side)

    def mirror_classes(self) -> tuple[int, ...]:
        """The class that each class turns into when a volume is mirrored left to right."""
        return classes.mirror_classes(self.labels)

    def patient_key(self, patient: str) -> str:
        """The salted key of a patient: the same text gives the same key in this study, and none outside it."""
        return edits.patient_key(self.manifest.salt, patient)

    def image_path(self, case: Case) -> Path:
        """Where the CT of a case lies; a copy must lie in the study.

        Raises:
            BadInputError: A hostile manifest points a copy out of the study.
        """
        if case.image.copied:
            return inside(self.folder, case.image.path, f"The CT of {case.key}")
        return (self.folder / case.image.path).resolve()

    def label_path(self, case: Case, version: int | None = None) -> Path | None:
        """Where a version of the label of a case lies.

        Args:
            case: The case.
            version: Index into `case.labels`; None: the newest.

        Returns:
            None if the case has no label.

        Raises:
            BadInputError: There is no such version, or a hostile manifest points out of the study.
        """
        if not case.labels:
            return None
        if version is not None and not -len(case.labels) <= version < len(case.labels):
            raise BadInputError(f"{case.key} has no label version {version}: choose one below {len(case.labels)}.")
        chosen = case.labels[-1 if version is None else version]
        return inside(self.folder, chosen.path, f"The label of {case.key}")

    def result_path(self, result: ResultRecord) -> Path:
        """The folder of a result, which must lie in the study.

        Raises:
            BadInputError: A hostile manifest points out of the study.
        """
        return inside(self.folder, result.folder, f"The result of {result.case_key}")
