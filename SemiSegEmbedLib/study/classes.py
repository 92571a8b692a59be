"""From the labels of a study to the classes that the network learns, and back."""

from __future__ import annotations

from collections.abc import Sequence

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import IGNORE, Label

OPPOSITE = {"left": "right", "right": "left"}


def training_classes(labels: Sequence[Label]) -> dict[int, int]:
    """Map each label value to its training class, 0 to C-1.

    Labels without a class of their own choosing get, in order of their values, the lowest classes left over.
    """
    classes = {label.value: label.training_class for label in labels if label.training_class is not None}
    taken = set(classes.values()) | {0}
    for label in sorted(labels, key=lambda label: label.value):
        if label.training_class is None:
            free = next(number for number in range(1, IGNORE) if number not in taken)
            classes[label.value] = free
            taken.add(free)
    return {label.value: classes[label.value] for label in labels}


def class_count(labels: Sequence[Label]) -> int:
    """Number of training classes C, background included."""
    return 1 + max(training_classes(labels).values())


def mirror_classes(labels: Sequence[Label]) -> tuple[int, ...]:
    """The class that each class turns into when a volume is mirrored left to right.

    Returns:
        A permutation of 0..C-1: the identity where both sides share a class.
    """
    classes = training_classes(labels)
    permutation = list(range(class_count(labels)))
    for label in labels:
        if label.mirror is not None:
            permutation[classes[label.value]] = classes[label.mirror]
    return tuple(permutation)


def result_label(labels: Sequence[Label], training_class: int, side: str | None) -> Label:
    """The label that a region of a class gets on one side of the body.

    Args:
        labels: The labels of the study.
        training_class: 1 to C-1.
        side: "left", "right", or None where the side is unknown or does not matter.

    Raises:
        BadInputError: No label is learned as this class.
    """
    classes = training_classes(labels)
    candidates = [label for label in labels if classes[label.value] == training_class and training_class > 0]
    if not candidates:
        raise BadInputError(f"No label of this study is learned as class {training_class}: choose another model.")
    exact = [label for label in candidates if label.side == side]
    return (exact or [label for label in candidates if label.side is None] or candidates)[0]


def check_labels(labels: Sequence[Label]) -> None:
    """Refuse lists of labels that contradict themselves.

    Raises:
        BadInputError: With one sentence that names the first contradiction.
    """
    problem = _values_problem(labels) or _mirror_problem(labels) or _classes_problem(labels)
    if problem:
        raise BadInputError(f"The list of labels does not work because {problem}.")


def _values_problem(labels: Sequence[Label]) -> str | None:
    values = [label.value for label in labels]
    if not labels:
        return "it is empty: name at least one label"
    if len(set(values)) < len(values):
        return "two labels have the same value: give each its own"
    if len({label.name for label in labels}) < len(labels):
        return "two labels have the same name: give each its own"
    for label in labels:
        if not label.name.strip():
            return f"the label with value {label.value} has no name: give it one"
        if not 1 <= label.value < IGNORE:
            return f"'{label.name}' has the value {label.value}: use values from 1 to {IGNORE - 1}"
        if label.side not in (None, "left", "right"):
            return f"the side of '{label.name}' is neither left nor right: correct it"
    return None


def _mirror_problem(labels: Sequence[Label]) -> str | None:
    by_value = {label.value: label for label in labels}
    for label in labels:
        if label.mirror is None:
            continue
        other = by_value.get(label.mirror)
        if other is None or other.mirror != label.value or other is label:
            return f"'{label.name}' and its mirror do not name each other: let each point to the other"
        if label.side is None or other.side != OPPOSITE[label.side]:
            return f"'{label.name}' and its mirror are not on opposite sides: give one the left and one the right"
    return None


def _classes_problem(labels: Sequence[Label]) -> str | None:
    if any(label.training_class is not None and not 0 <= label.training_class < IGNORE for label in labels):
        return f"a training class is not between 0 and {IGNORE - 1}: correct it"
    classes = training_classes(labels)
    used = set(classes.values()) - {0}
    if not used:
        return "every label is background: let the network learn at least one"
    if used != set(range(1, len(used) + 1)):
        return "the training classes have a gap: number them 1, 2, 3 and so on"
    turned: dict[int, set[int]] = {}
    for label in labels:
        mirrored = label.value if label.mirror is None else label.mirror
        turned.setdefault(classes[label.value], set()).add(classes[mirrored])
    if any(len(targets) > 1 for targets in turned.values()):
        return "labels of one training class would mirror into different classes: separate or join them"
    return None
