"""Look at each case before training and say everything that is wrong at once, in plain sentences.

An "error" keeps a case out of training because it would learn, or measure, something false. A "warning" is a
doubt that a person should look at. What counts as which, and the limits, stand beside each rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.check_values import value_problems
from SemiSegEmbedLib.imaging.dicom import choose_series
from SemiSegEmbedLib.imaging.geometry import Geometry, axis_order, on_lattice
from SemiSegEmbedLib.imaging.grid import bounding_box, present_values
from SemiSegEmbedLib.imaging.problems import ERROR, WARNING, Problem
from SemiSegEmbedLib.imaging.read import put_onto, read_image, read_label
from SemiSegEmbedLib.imaging.segments import is_segmentation
from SemiSegEmbedLib.imaging.slices import arrange
from SemiSegEmbedLib.study.records import IGNORE, Label, Role, Split
from SemiSegEmbedLib.study.study import Study

SPACING_LIMIT_MM = 5.0
"""Hip CTs of trauma and staging reach 5 mm; above, the roof of the socket falls between two slices."""
SMALLEST_EXTENT_MM = 30.0
SMALL_EXTENT_MM = 80.0
"""A femoral head is about 45 mm wide; the joint with its surroundings about 80 mm."""
LEAST_BONE_CM3 = 40.0
"""A hip bone and a proximal femur have 300 to 600 cm3; a cropped or osteoporotic hip still has far above 40."""
BONE_HU = 200


def check_case(
    image_path: Path | str,
    label_path: Path | str | None,
    labels: Sequence[Label],
    *,
    series_uid: str | None = None,
    spacing_limit_mm: float = SPACING_LIMIT_MM,
) -> list[Problem]:
    """Everything that speaks against training with a case.

    Args:
        image_path: The CT: a file or a DICOM folder.
        label_path: Its label, or None.
        labels: The labels of the study.
        series_uid: The series of a DICOM folder.
        spacing_limit_mm: A warning above, an error above twice this.

    Returns:
        The problems, errors first; empty when there is none.
    """
    problems = list(_series_problems(Path(image_path), series_uid))
    image = None
    if not any(p.severity == ERROR for p in problems):
        try:
            image = read_image(image_path, series_uid)
        except BadInputError as error:
            problems.append(Problem("unreadable-image", str(error)))
    geometry = None
    if image is not None:
        geometry = Geometry.of(image)
        values = sitk.GetArrayViewFromImage(image)
        problems += grid_problems(geometry, spacing_limit_mm) + value_problems(values)
        if any(p.severity == ERROR for p in problems):
            image = None
        else:
            problems += _field_of_view_problems(values, geometry)
    if label_path is not None:
        problems += check_label(Path(label_path), image, geometry, labels)
    return sorted(problems, key=lambda p: p.severity != ERROR)


def check_study(
    study: Study,
    split: Split | None = None,
    *,
    spacing_limit_mm: float = SPACING_LIMIT_MM,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[tuple[str, Problem]]:
    """Check every case that is not excluded, and the cases against each other.

    Args:
        study: The study.
        split: A split that the user forces; None: only the roles are looked at.
        spacing_limit_mm: As in `check_case`.
        progress: Told the share of the cases that are done.

    Returns:
        (case key, problem), in the order of the cases.
    """
    cases = [case for case in study.cases if case.role is not Role.EXCLUDED]
    found: list[tuple[str, Problem]] = []
    for number, case in enumerate(cases):
        progress(number / len(cases))
        changed = study.verify_case(case.key)
        if changed is not None:
            found.append((case.key, Problem("changed-file", changed)))
            continue
        paths = study.image_path(case), study.label_path(case)
        uid = case.image.series_uid
        problems = check_case(*paths, study.labels, series_uid=uid, spacing_limit_mm=spacing_limit_mm)
        found += [(case.key, problem) for problem in problems]
    progress(1.0)
    found += check_patients(study, split)
    order = {case.key: number for number, case in enumerate(cases)}
    return sorted(found, key=lambda item: order[item[0]])


def check_patients(study: Study, split: Split | None = None) -> list[tuple[str, Problem]]:
    """The same image twice, and one patient on two sides; needs no image to be read."""
    cases = [case for case in study.cases if case.role is not Role.EXCLUDED]
    found = []
    first: dict[tuple[str, str | None], str] = {}
    for case in cases:
        image = case.image.sha256, case.image.series_uid
        if image in first:
            sentence = f"This is the same CT as {first[image]}: remove one of them."
            found.append((case.key, Problem("duplicate-image", sentence)))
        first.setdefault(image, case.key)
    held = {case.key for case in cases if case.role is Role.HELD_OUT} | set(split.validation if split else ())
    training = {*split.annotated, *split.unannotated} if split else {case.key for case in cases} - held
    in_training = {case.patient_key: case.key for case in cases if case.key in training}
    for case in cases:
        if case.key in held and case.patient_key in in_training:
            twin = in_training[case.patient_key]
            sentence = f"The patient of this case is also in training ({twin}): keep all scans of a patient together."
            found.append((case.key, Problem("patient-on-two-sides", sentence)))
    return found


def grid_problems(geometry: Geometry, spacing_limit_mm: float) -> list[Problem]:
    """Spacing and extent of a scan."""
    problems = []
    coarsest = max(geometry.spacing)
    if coarsest > spacing_limit_mm:
        severity = ERROR if coarsest > 2 * spacing_limit_mm else WARNING
        sentence = f"The voxels are {coarsest:.1f} mm apart, thin bone is lost: use a finer reconstruction."
        problems.append(Problem("coarse-spacing", sentence, severity))
    extent = min(n * s for n, s in zip(geometry.size, geometry.spacing, strict=True))
    if extent < SMALL_EXTENT_MM:
        severity = ERROR if extent < SMALLEST_EXTENT_MM else WARNING
        sentence = f"The scan is only {extent:.0f} mm wide along one axis, less than a hip joint: add the whole scan."
        problems.append(Problem("small-volume", sentence, severity))
    return problems


def _series_problems(path: Path, series_uid: str | None) -> Iterator[Problem]:
    """What only the headers of a DICOM folder tell."""
    if not path.is_dir():
        return
    try:
        series = choose_series(path, series_uid)
    except BadInputError as error:
        yield Problem("unreadable-image", str(error))
        return
    if series.modality != "CT":
        yield Problem("not-a-ct", "The scanner marked this series as something else than CT: add a CT.")
    yield from arrange(series)[2]


def _field_of_view_problems(values: np.ndarray, geometry: Geometry) -> list[Problem]:
    """A hip in view brings a lot of bone; that it is a hip, and not a shoulder, this rule cannot tell."""
    bone = np.count_nonzero(values > BONE_HU) * float(np.prod(geometry.spacing)) / 1000
    if bone >= LEAST_BONE_CM3:
        return []
    sentence = (
        f"Only {bone:.0f} cm3 are as dense as bone, a hip seems not to be in view: check that it is the right scan."
    )
    return [Problem("no-hip", sentence, WARNING)]


def check_label(
    path: Path, image: sitk.Image | None, geometry: Geometry | None, labels: Sequence[Label]
) -> list[Problem]:
    """Problems of a label file.

    Args:
        path: The label.
        image: Its CT; None when its values cannot be trusted.
        geometry: The grid of the CT; None when that was unreadable.
        labels: The labels of the study.
    """
    try:
        label = read_label(path, None, labels)
    except BadInputError as error:
        return [Problem("unreadable-label", str(error))]
    found = present_values(sitk.GetArrayViewFromImage(label))
    problems = list(_value_list_problems(found, labels))
    if geometry is None:
        return problems
    misplaced = _position_problem(Geometry.of(label), geometry, is_segmentation(path))
    if misplaced is not None:
        return [*problems, misplaced]
    problems += _side_problems(label, labels)
    if image is not None:
        problems += _contrast_problems(put_onto(label, geometry), image)
    return problems


def _value_list_problems(found: list[int], labels: Sequence[Label]) -> Iterator[Problem]:
    known = {label.value for label in labels}
    drawn = set(found) - {0, IGNORE}
    if not drawn:
        yield Problem("empty-label", "The label marks no bone at all: annotate it, or add the case without a label.")
        return
    if drawn - known:
        listed = ", ".join(map(str, sorted(drawn - known)[:5]))
        yield Problem("unknown-values", f"The label has values that the study does not know ({listed}): correct them.")
    absent = [label.name for label in labels if label.value not in drawn]
    if absent and drawn & known:
        sentence = (
            f"The label has no voxel of {', '.join(absent[:5])}: fine if it is out of view or absent, else draw it."
        )
        yield Problem("absent-label", sentence, WARNING)


def _position_problem(own: Geometry, native: Geometry, may_be_part: bool) -> Problem | None:
    if axis_order(own, native) is not None or (may_be_part and on_lattice(own, native)):
        return None
    parallel = np.allclose(own.direction, native.direction, atol=1e-3)
    alike = parallel and np.allclose(own.spacing, native.spacing, rtol=1e-3)
    if alike and own.size == native.size:
        shift = float(np.linalg.norm(np.subtract(own.origin, native.origin)))
        sentence = f"The label lies {shift:.1f} mm beside its CT: export it with the position of the CT."
        return Problem("label-shifted", sentence)
    if alike:
        sentence = "The label has another size than its CT: export it on the whole grid of the CT."
        return Problem("label-size", sentence)
    sentence = "The label lies on another grid than its CT: resample or export it on the grid of the CT."
    return Problem("label-grid", sentence)


def _contrast_problems(label: sitk.Image, image: sitk.Image) -> list[Problem]:
    """Does the label lie on bone? Both images are on one grid."""
    drawn, values = sitk.GetArrayViewFromImage(label), sitk.GetArrayViewFromImage(image)
    bone = (drawn > 0) & (drawn != IGNORE)
    if not bone.any() or _is_denser(bone, values, Geometry.of(image)):
        return []
    sentence = "The label is not denser than what surrounds it, so it seems not to lie on the bone: check its place."
    return [Problem("label-beside-bone", sentence, WARNING)]


def _is_denser(bone: np.ndarray, values: np.ndarray, geometry: Geometry) -> bool:
    """Compare the medians in the label and in a shell of about 4 to 8 mm around it, where soft tissue lies."""
    margins = (int(np.ceil(10 / s)) for s in geometry.array_spacing)
    box = tuple(
        slice(max(0, s.start - margin), s.stop + margin) for s, margin in zip(bounding_box(bone), margins, strict=True)
    )
    mask = sitk.GetImageFromArray(bone[box].astype(np.uint8))
    mask.SetSpacing(geometry.spacing)
    distance = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True))
    shell = (distance > 4) & (distance < 8)
    if not shell.any():
        return True
    return float(np.median(values[box][bone[box]])) > float(np.median(values[box][shell])) + 20


def _side_problems(label: sitk.Image, labels: Sequence[Label]) -> list[Problem]:
    """The patient's left is where x grows."""
    by_value = {one.value: one for one in labels}
    for one in labels:
        other = by_value.get(one.mirror or 0)
        if one.side != "left" or other is None:
            continue
        left, right = _mean_x(label, one.value), _mean_x(label, other.value)
        if left is not None and right is not None and left < right:
            sentence = f"'{one.name}' lies on the right of '{other.name}': the sides seem exchanged, correct them."
            return [Problem("sides-exchanged", sentence)]
    return []


def _mean_x(label: sitk.Image, value: int) -> float | None:
    where = np.argwhere(sitk.GetArrayViewFromImage(label) == value)
    if not len(where):
        return None
    z, y, x = where.mean(axis=0).tolist()
    return Geometry.of(label).to_world((z, y, x))[0]
