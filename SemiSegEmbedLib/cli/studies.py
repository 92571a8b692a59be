"""`study create|series|add|label|review|role|patient|list|check|relocate|remove|display`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_study
from SemiSegEmbedLib.cli.output import Console
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.presets import load_labels
from SemiSegEmbedLib.study.records import Case, Role
from SemiSegEmbedLib.study.study import Study


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("study", help="create a study, add cases and labels, look at it, check it")
    group = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    create = add_command(group, "create", run_create, "begin a study", "study create hips --labels hip-bones")
    add_study(create)
    create.add_argument("--name", help="what to call it (default: the folder's name)")
    create.add_argument(
        "--labels", default="hip-bones", help="hip-bones, hip-sides, or a JSON file (default: hip-bones)"
    )
    create.add_argument("--spacing", type=float, default=1.0, help="training grid in mm (default: 1)")

    add = add_command(group, "add", run_add, "add CT scans", "study add hips scans/*.nii.gz")
    add_study(add)
    add.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="NIfTI, NRRD or MHA file, or DICOM folder")
    add.add_argument("--patient", help="any text that names the patient; kept as a salted hash alone")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.UNANNOTATED.value)
    add.add_argument(
        "--series", action="append", metavar="UID", help="the series to take from a DICOM folder; may be repeated"
    )
    add.add_argument("--copy", action="store_true", help="copy the file into the study")

    label = add_command(
        group,
        "label",
        run_label,
        "save the label of a case as its newest version",
        "study label hips case-0001 mask.nrrd",
    )
    add_study(label)
    label.add_argument("case", metavar="CASE")
    label.add_argument("label", type=Path, metavar="LABEL", help="label volume on the grid of the CT, or DICOM SEG")
    label.add_argument("--by", default="", help="who annotated it")
    label.add_argument("--reviewed-by", default="", help="who looked it over")
    label.add_argument("--partial", action="store_true", help="voxels with value 255 are not annotated")
    label.add_argument("--map", default="", help="new values for those of the file, for example 1=1,3=1,5=0")

    review = add_command(
        group,
        "review",
        run_review,
        "note who looked over the newest label of cases",
        'study review hips case-0001 --by "C. D."',
    )
    add_study(review)
    review.add_argument("cases", nargs="+", metavar="CASE")
    review.add_argument("--by", required=True, help="who looked them over")

    role = add_command(group, "role", run_role, "say what cases are used for", "study role hips case-0002 held-out")
    add_study(role)
    role.add_argument("cases", nargs="+", metavar="CASE")
    role.add_argument("role", choices=[role.value for role in Role])

    patient = add_command(
        group,
        "patient",
        run_patient,
        "correct whose scans cases are, since one patient never trains and validates at once",
        'study patient hips case-0002 case-0005 "patient 17"',
    )
    add_study(patient)
    patient.add_argument("cases", nargs="+", metavar="CASE")
    patient.add_argument("patient", metavar="PATIENT", help="any text that names the patient; see study add --patient")

    listing = add_command(group, "list", run_list, "list the cases", "study list hips")
    add_study(listing)

    series = add_command(
        group, "series", run_series, "list the CT series in a folder and the folders below it", "study series export"
    )
    series.add_argument("folder", type=Path, metavar="FOLDER")

    relocate = add_command(
        group,
        "relocate",
        run_relocate,
        "say where the CT of a case lies now",
        "study relocate hips case-0002 new/b.nii",
    )
    add_study(relocate)
    relocate.add_argument("case", metavar="CASE")
    relocate.add_argument("image", type=Path, metavar="IMAGE", help="the same file or DICOM folder at its new place")

    remove = add_command(
        group,
        "remove",
        run_remove,
        "take cases out of the study; their files stay on disk",
        "study remove hips case-0002",
    )
    add_study(remove)
    remove.add_argument("cases", nargs="+", metavar="CASE")

    display = add_command(
        group,
        "display",
        run_display,
        "prepare cases so that they open at once in 3D Slicer, which does this by itself",
        "study display hips case-0001",
    )
    add_study(display)
    display.add_argument("cases", nargs="+", metavar="CASE")

    check = add_command(group, "check", run_check, "look for problems before training", "study check hips")
    add_study(check)


def run_create(options: argparse.Namespace, console: Console) -> None:
    name = options.name or options.study.resolve().name
    study = Study.create(options.study, name, load_labels(options.labels), spacing_mm=options.spacing)
    console.line(f"Study '{study.name}' begun with {len(study.labels)} labels. Next: add scans.")
    console.result({"study": str(study.folder), "labels": [label.name for label in study.labels]})


def run_add(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.cases import add_image

    study = Study.open(options.study)
    cases = []
    for image in expand(options.images):
        for series_uid in options.series or [None]:
            cases.append(
                add_image(
                    study,
                    image,
                    patient=options.patient,
                    role=Role(options.role),
                    series_uid=series_uid,
                    copy=options.copy,
                )
            )
            console.line(f"{cases[-1].key}  {cases[-1].name}  {cases[-1].role.value}")
    console.result([describe_case(case) for case in cases])


def expand(paths: list[Path]) -> list[Path]:
    """Patterns such as scans/*.nii.gz, which Windows' shells hand over as they were typed."""
    expanded: list[Path] = []
    for path in paths:
        found = sorted(path.parent.glob(path.name)) if not path.exists() and "*" in path.name else []
        expanded += found or [path]
    return expanded


def run_label(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.cases import add_label

    version = add_label(
        Study.open(options.study),
        options.case,
        options.label,
        annotated_by=options.by,
        reviewed_by=options.reviewed_by,
        complete=not options.partial,
        value_map=parse_value_map(options.map),
    )
    console.line(f"{options.case} now has label version {Path(version.path).name}.")
    console.result({"case": options.case, "version": version.path})


def parse_value_map(text: str) -> dict[int, int]:
    try:
        pairs = [pair.split("=") for pair in text.split(",") if pair]
        found = {int(old): int(new) for old, new in pairs}
        if all(0 <= value <= 255 for pair in found.items() for value in pair):  # what a label file can hold
            return found
    except ValueError:
        pass
    raise BadInputError(f"--map '{text}' is not a list such as 1=1,3=1,5=0: write old=new pairs.")


def run_review(options: argparse.Namespace, console: Console) -> None:
    Study.open(options.study).set_reviewed(options.cases, options.by)
    for case in options.cases:
        console.line(f"{case} is now reviewed by {options.by}.")
    console.result([{"case": case, "reviewed_by": options.by} for case in options.cases])


def run_role(options: argparse.Namespace, console: Console) -> None:
    Study.open(options.study).set_roles(dict.fromkeys(options.cases, Role(options.role)))
    for case in options.cases:
        console.line(f"{case} is now {options.role}.")
    console.result([{"case": case, "role": options.role} for case in options.cases])


def run_patient(options: argparse.Namespace, console: Console) -> None:
    Study.open(options.study).set_patient(options.cases, options.patient)
    # What was typed is told nowhere, since output ends up in logs.
    for case in options.cases:
        console.line(f"The patient of {case} is corrected.")
    console.result({"cases": options.cases})


def run_series(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.cases import find_series

    found = find_series(options.folder, lambda fraction: console.progress("Looking into the folders", fraction))
    columns = ("slices", "thickness_mm", "kernel", "description", "folder", "series")
    rows = [one.to_dict() for one in found]
    console.table(columns, [[row[column] for column in columns] for row in rows])
    console.result(rows)


def run_relocate(options: argparse.Namespace, console: Console) -> None:
    Study.open(options.study).relocate_case(options.case, options.image)
    console.line(f"{options.case} was found at its new place.")
    console.result({"case": options.case})


def run_remove(options: argparse.Namespace, console: Console) -> None:
    study = Study.open(options.study)
    study.remove_cases(options.cases)
    console.line(f"The study has {len(study.cases)} cases now; the files of the others are still there.")
    console.result({"cases": [case.key for case in study.cases]})


def run_display(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.display import prepare_display

    outcomes = prepare_display(Study.open(options.study), options.cases, console.progress)
    for outcome in outcomes:
        console.line(f"{outcome['case']}  {outcome['error'] or 'ready'}")
    console.result(outcomes)


def run_list(options: argparse.Namespace, console: Console) -> None:
    study = Study.open(options.study)
    console.line(f"{study.name}: {len(study.cases)} cases, labels {', '.join(label.name for label in study.labels)}")
    columns = ("case", "role", "name", "labels", "annotated by", "reviewed by")
    rows = [describe_case(case) for case in study.cases]
    console.table(columns, [[row[column.replace(" ", "_")] for column in columns] for row in rows])
    console.result({"name": study.name, "cases": rows, "runs": [run.run_id for run in study.runs]})


def describe_case(case: Case) -> dict[str, Any]:
    label = case.label
    return {
        "case": case.key,
        "role": case.role.value,
        "name": case.name,
        "labels": len(case.labels),
        "annotated_by": label.annotated_by if label else "",
        "reviewed_by": label.reviewed_by if label else "",
        "accepted_from": label.accepted_from if label else "",
    }


def run_check(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.workflows.cases import check_study

    study = Study.open(options.study)
    problems = check_study(study, lambda fraction: console.progress("Checking", fraction))
    for key, problem in problems:
        console.line(f"{problem.severity}  {key}  {problem.sentence}")
    if not problems:
        console.line("No problems found.")
    console.result(
        [{"case": key, "code": p.code, "severity": p.severity, "sentence": p.sentence} for key, p in problems]
    )
    return 2 if any(problem.severity == "error" for _, problem in problems) else 0
