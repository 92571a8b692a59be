"""A study: the folder that holds cases, labels, runs, models and results, and the only way to change its manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.study import classes, edits
from SemiSegEmbedLib.study.display import RESULT_SUFFIX
from SemiSegEmbedLib.study.files import explain, utc_now
from SemiSegEmbedLib.study.intake import copy_incoming, hash_incoming, settle_image, settle_label
from SemiSegEmbedLib.study.manifest import Manifest
from SemiSegEmbedLib.study.records import Case, Label, LabelVersion, ResultRecord, Role, RunRecord
from SemiSegEmbedLib.study.snapshot import StudySnapshot
from SemiSegEmbedLib.study.store import ManifestStore
from SemiSegEmbedLib.study.verify import check_file


class Study(StudySnapshot):
    """A snapshot of a study with the means to change it.

    Reading never takes a lock. Each change takes it, reads the manifest anew, writes it atomically and renews
    this snapshot; changes made by other programs appear after any change or `reload`.
    """

    def __init__(self, folder: Path, manifest: Manifest, store: ManifestStore) -> None:
        super().__init__(folder, manifest)
        self._store = store

    @classmethod
    def create(cls, folder: Path | str, name: str, labels: Sequence[Label], spacing_mm: float = 1.0) -> Study:
        """Create a study in a folder, which is made if it is missing.

        Args:
            folder: The study folder.
            name: What people call the study.
            labels: What is annotated and learned.
            spacing_mm: Voxel size of the training grid.

        Raises:
            BadInputError: The folder holds a study already, or the labels contradict themselves.
        """
        folder = Path(folder).absolute()
        classes.check_labels(labels)
        if not 0.05 <= spacing_mm <= 20:
            raise BadInputError(f"A voxel size of {spacing_mm} mm is not usable: choose one from 0.05 to 20 mm.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explain(error, f"The folder {folder.name} could not be created") from error
        store = ManifestStore(folder)
        store.create(
            Manifest(edits.shown_text(name), os.urandom(16).hex(), utc_now(), tuple(labels), float(spacing_mm))
        )
        return cls(folder, store.read(), store)

    @classmethod
    def open(cls, folder: Path | str) -> Study:
        """Open the study in a folder (or by its `study.json`).

        Raises:
            BadInputError: There is none, or its manifest is damaged, hostile or too new.
        """
        folder = Path(folder).absolute()
        if folder.is_file():
            folder = folder.parent
        store = ManifestStore(folder)
        return cls(folder, store.read(), store)

    def reload(self) -> None:
        """Renew this snapshot from disk."""
        self.manifest = self._store.read()

    def add_case(
        self,
        image_path: Path | str,
        *,
        patient: str | None = None,
        role: Role = Role.UNANNOTATED,
        copy: bool = False,
        series_uid: str | None = None,
        name: str | None = None,
        allow_duplicate: bool = False,
    ) -> Case:
        """Add a CT.

        Args:
            image_path: A file or a DICOM folder.
            patient: Anything that tells patients apart; only its salted hash is kept. None: a patient of its own.
            role: What the case is used for.
            copy: Copy it into the study, instead of referring to where it lies.
            series_uid: The series of a DICOM folder that holds several.
            name: What people call the case; None: the name of the file or folder.
            allow_duplicate: Accept content that another case has already.

        Raises:
            BadInputError: It is missing, still being written, or in the study already.
            SemiSegEmbedError: It could not be copied or the study could not be saved.
        """
        incoming = hash_incoming(image_path)
        if not allow_duplicate:
            edits.refuse_duplicate(self.manifest, incoming.sha256, series_uid)
        if copy:
            incoming = copy_incoming(incoming, self.folder, "images")

        def edit(manifest: Manifest) -> Manifest:
            if not allow_duplicate:
                edits.refuse_duplicate(manifest, incoming.sha256, series_uid)
            image = settle_image(incoming, self.folder, edits.next_key(manifest), series_uid)
            title = incoming.title if name is None else name
            return edits.with_new_case(manifest, title, image, patient, role, utc_now())

        try:
            self._change(edit)
        finally:
            incoming.discard()
        return self.cases[-1]

    def add_label(
        self,
        key: str,
        label_path: Path | str,
        *,
        annotated_by: str = "",
        reviewed_by: str = "",
        complete: bool = True,
    ) -> LabelVersion:
        """Copy a label into the study as the newest version; earlier versions stay.

        Args:
            key: The case; an unannotated one becomes annotated.
            label_path: A label file on the grid of the CT.
            annotated_by: Who drew it.
            reviewed_by: Who looked it over.
            complete: False when voxels are marked `IGNORE`.

        Raises:
            BadInputError: The file is missing or no single file, or there is no such case.
        """
        people = edits.shown_text(annotated_by, 200), edits.shown_text(reviewed_by, 200)
        version = LabelVersion("", "", *people, utc_now(), complete)
        return self._add_version(key, Path(label_path), version, edits.with_label)

    def accept_result(self, key: str, model_id: str, *, reviewed_by: str = "") -> LabelVersion:
        """Make what a model made of a case its label, as a person accepted it; `withdraw_result` takes it back.

        Args:
            key: The case; it becomes annotated.
            model_id: The model; its result becomes "accepted".
            reviewed_by: Who accepted it.

        Raises:
            BadInputError: The case has a label already, is not used for training, or has no such result.
        """
        result = next((one for one in self.results if (one.case_key, one.model_id) == (key, model_id)), None)
        if result is None:
            raise BadInputError(f"The study has no result of this model for {key}: segment it first.")
        reviewer = edits.shown_text(reviewed_by, 200)
        version = LabelVersion("", "", "", reviewer, utc_now(), accepted_from=model_id)
        label = self.result_path(result) / f"label{RESULT_SUFFIX}"
        # Asked before anything is copied, and once more under the lock.
        edits.with_accepted_result(self.manifest, key, version)
        return self._add_version(key, label, version, edits.with_accepted_result)

    def withdraw_result(self, key: str, status: str = "new") -> None:
        """Take back `accept_result`, as long as nobody drew on; the file stays on disk.

        Args:
            key: The case.
            status: What the result is now, for example "rejected".

        Raises:
            BadInputError: The newest label of the case is no accepted result.
        """
        self._change(lambda manifest: edits.without_accepted_result(manifest, key, status))

    def _add_version(
        self, key: str, source: Path, version: LabelVersion, add: Callable[[Manifest, str, LabelVersion], Manifest]
    ) -> LabelVersion:
        source = source.absolute()
        if source.is_dir():
            raise BadInputError(f"{source.name} is a folder: choose the label file itself.")
        self.case(key)
        incoming = copy_incoming(hash_incoming(source), self.folder, f"labels/{key}")

        def edit(manifest: Manifest) -> Manifest:
            add(manifest, key, version)  # what is refused leaves no file
            path, state = settle_label(incoming, edits.find_case(manifest, key))
            return add(manifest, key, replace(version, path=path, sha256=incoming.sha256, fingerprint=state))

        try:
            self._change(edit)
        finally:
            incoming.discard()
        return self.case(key).labels[-1]

    def take_back_label(self, key: str) -> None:
        """Let the newest version of a label count no longer; its file stays on disk, and the version before counts.

        Raises:
            BadInputError: There is no such case, or it has no label.
        """
        self._change(lambda manifest: edits.without_newest_label(manifest, key))

    def set_role(self, key: str, role: Role) -> None:
        """Change what a case is used for."""
        self.set_roles({key: role})

    def set_roles(self, roles: Mapping[str, Role]) -> None:
        """Change what cases are used for, all or none of them."""

        def edit(manifest: Manifest) -> Manifest:
            for key, role in roles.items():
                manifest = edits.with_case(manifest, key, role=Role(role))
            return manifest

        self._change(edit)

    def set_reviewed(self, keys: Sequence[str], reviewed_by: str) -> None:
        """Note who looked over the newest label of cases, all or none of them.

        Raises:
            BadInputError: One of them does not exist or has no label.
        """
        self._change(lambda manifest: reduce(partial(edits.with_review, reviewed_by=reviewed_by), keys, manifest))

    def set_patient(self, keys: Sequence[str], patient: str) -> None:
        """Correct whose scans cases are, all or none of them.

        Args:
            keys: The cases, all of one person.
            patient: As in `add_case`; only its salted hash is kept.

        Raises:
            BadInputError: The text is blank, or there is no such case.
        """
        person = self.patient_key(patient)
        self._change(lambda manifest: reduce(partial(edits.with_case, patient_key=person), keys, manifest))

    def relocate_case(self, key: str, image_path: Path | str) -> None:
        """Tell where the CT of a case lies now; its content must be the same.

        Raises:
            BadInputError: It is another scan.
        """
        incoming = hash_incoming(image_path)

        def edit(manifest: Manifest) -> Manifest:
            old = edits.find_case(manifest, key).image
            if incoming.sha256 != old.sha256:
                raise BadInputError(
                    f"This is not the CT that was added as {key}: choose the right file, or add a case."
                )
            return edits.with_case(manifest, key, image=settle_image(incoming, self.folder, key, old.series_uid))

        self._change(edit)

    def remove_cases(self, keys: Sequence[str]) -> None:
        """Take cases out of the study, all or none of them; their label files stay on disk."""
        self._change(lambda manifest: reduce(edits.without_case, dict.fromkeys(keys), manifest))

    def add_run(self, run_id: str, created: str, method: str, preset: str) -> None:
        """Note a training run, whose folder is `runs/<run_id>`."""
        self._change(lambda manifest: edits.with_run(manifest, RunRecord(run_id, created, method, preset)))

    def add_result(self, case_key: str, model_id: str, folder: Path | str, facts: dict[str, Any]) -> None:
        """Note what a model made of a case; an earlier result of the same model gives way.

        Args:
            case_key: The case.
            model_id: The model.
            folder: Where maps and labels lie: a path in the study, absolute or relative to it.
            facts: Plain numbers and words.

        Raises:
            BadInputError: The folder is not in the study, or the case is unknown.
        """
        place = Path(folder)
        if place.is_absolute() and place.is_relative_to(self.folder):
            place = place.relative_to(self.folder)
        result = ResultRecord(case_key, model_id, place.as_posix(), dict(facts), "new", utc_now())
        self._change(lambda manifest: edits.with_result(manifest, result))

    def set_result_status(self, case_key: str, model_id: str, status: str) -> None:
        """Note what a person decided: "accepted", "rejected", "edited" or "new"."""
        self._change(lambda manifest: edits.with_result_status(manifest, case_key, model_id, status))

    def verify_case(self, key: str) -> str | None:
        """Whether the files of a case are still what was added; unchanged files are not read again.

        Returns:
            One sentence when the CT or the newest label is missing or changed, else None.
        """
        case = self.case(key)
        try:
            image = check_file(self.image_path(case), case.image.sha256, case.image.fingerprint, f"The CT of {key}")
            label_path, label = self.label_path(case), case.label
            fresh: dict[str, Any] = {"image": replace(case.image, fingerprint=image)}
            if label is not None and label_path is not None:
                state = check_file(label_path, label.sha256, label.fingerprint, f"The label of {key}")
                fresh["labels"] = (*case.labels[:-1], replace(label, fingerprint=state))
        except SemiSegEmbedError as error:
            return str(error)
        if replace(case, **fresh) != case:
            # Files that were moved or touched need not be read again next time, if the study can be written now.
            with suppress(SemiSegEmbedError):
                self.manifest = self._store.change(
                    lambda manifest: edits.with_fresh_case(manifest, case, replace(case, **fresh)), lock_timeout_s=0.0
                )
        return None

    def _change(self, edit: Callable[[Manifest], Manifest]) -> None:
        self.manifest = self._store.change(edit)
