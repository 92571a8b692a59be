"""docs/benchmark.md: the part between its two markers is made from the cells that are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.phantom.benchmark import frozen_difficulty, load_frozen
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark import paper_numbers
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.markdown import number, replace_between, table
from SemiSegEmbedLib.workflows.benchmark.page_figures import figures, joint_table
from SemiSegEmbedLib.workflows.benchmark.page_scans import (
    first_column_table,
    further_table,
    robust_table,
    statistics_table,
    strata_table,
)
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import MATCHING, ROBUST, pseudo_label_table, verdicts
from SemiSegEmbedLib.workflows.benchmark.qualitative import find_cases, find_hips, picture_name
from SemiSegEmbedLib.workflows.benchmark.results import Entry, Results
from SemiSegEmbedLib.workflows.benchmark.scales import SCALES, Scale
from SemiSegEmbedLib.workflows.benchmark.tables import TABLES

BEGIN, END = "<!-- results: made by `bench page` -->", "<!-- end of results -->"


def write(path: Path, folders: Folders) -> None:
    """Renders the results into the page; pictures go beside it into `figures/`.

    Raises:
        SemiSegEmbedError: The page or one of its markers is missing.
    """
    sections = [section(scale, folders, path.parent / "figures") for scale in SCALES.values()]
    text = "\n".join([calibration_section(), *sections])
    try:
        page = path.read_text(encoding="utf-8")
        page = replace_between(page, BEGIN, END, text)
    except (OSError, ValueError) as error:
        raise SemiSegEmbedError(
            f"The page {path.name} cannot be rendered: give a page that holds the lines '{BEGIN}' and '{END}'."
        ) from error
    atomic_write(path, page.encode("utf-8"))


def calibration_section() -> str:
    """Knobs, targets and what was reached."""
    frozen: Mapping[str, Any] = load_frozen()
    reached = frozen["reached"]
    rows = []
    for name, title in (("few", "4 annotated scans"), ("all", "all annotated scans")):
        target, found = frozen["targets"][name], "not calibrated yet"
        if reached:
            found = f"{reached[name]['iou']:.3f} / {reached[name]['hd95']:.2f}"
        rows.append([title, f"{target['iou']:.3f} / {target['hd95']:.2f}", found])
    knobs = ", ".join(f"`{name}` {value:g}" for name, value in frozen["difficulty"].items())
    where = f" Reached at the scale `{reached['scale']}`." if reached else ""
    return (
        "## Calibration\n\nIoU / HD95 (mm) of the supervised baseline on test patches, against the annotators' "
        f"labels, at the selected checkpoint.{where} Knobs: {knobs}.\n\n"
        + table(["supervised baseline with", "target (the paper)", "reached"], rows)
    )


def section(scale: Scale, folders: Folders, pictures: Path) -> str:
    """All tables of one scale."""
    results = Results(scale, frozen_difficulty(), folders)
    entries = results.first_column(TABLES)
    head = f"## Results at the scale `{scale.name}`\n"
    if scale.name == "smoke":
        head += (
            f"\nThese numbers only show that every part works: {scale.training['steps']} steps, "
            f"{scale.training['base_filters']} filters, voxels of {scale.spacing_mm:g} mm. "
            "**They say nothing about the methods.**\n"
        )
    if not entries:
        head += "\nNo cell of this scale has been run.\n"
    parts = [head, table_1(results, scale), small_tables(results, scale), robust_table(results, entries)]
    if entries:
        parts[2:2] = [first_column_table(results), further_table(results)]
        table_1_rows = {row.title: entries[row.title] for row in table_rows("table1") if row.title in entries}
        everyone = entries | results.external()
        parts.insert(1, verdicts(results, everyone) if scale.name != "smoke" else "")
        parts += [statistics_table(everyone, reference) for reference in (MATCHING, ROBUST)]
        parts += [figures(scale, entries, results.external(), pictures), pseudo_label_table(entries)]
        parts += [strata_table("HD95 (mm) by kind of scan, fewest annotated scans", scale, table_1_rows)]
        parts += [figure_2(results, pictures), made_with(entries)]
    return "\n".join(parts)


def side_by_side(entry: Entry | None, printed: paper_numbers.Pair | None, metric: str) -> str:
    """ "ours · paper" for one cell of a table, patch level, selected checkpoint, annotators' labels."""
    digits, place = (3, 0) if metric == "iou" else (2, 1)
    ours = "–" if entry is None else number(entry.mean(metric, level="patches"), digits)
    theirs = "–" if printed is None else f"{printed[place]:.{digits}f}"
    return f"{ours} · {theirs}"


def table_1(results: Results, scale: Scale) -> str:
    """Every method in every column beside the paper's number."""
    rows = []
    for row, entries in results.table_1():
        for metric, title in (("iou", "IoU"), ("hd95", "HD95")):
            cells = [
                side_by_side(entry, paper_numbers.printed("table1", row.name, column.paper), metric)
                for entry, column in zip(entries, scale.columns, strict=True)
            ]
            rows.append([row.title if metric == "iou" else "", title, *cells])
    text = (
        "### Table 1\n\nOurs · the paper's, on patches; HD95 in mm is the larger of the two directed 95th "
        "percentiles, as in the product. Columns: labelled patches / annotated scans"
    )
    stands = [f"{c.title} stands beside the paper's {c.paper}" for c in scale.columns if c.patches != c.paper]
    text += f" ({'; '.join(stands)}).\n\n" if stands else ".\n\n"
    return text + table(["method", "metric", *(column.title for column in scale.columns)], rows)


def small_tables(results: Results, scale: Scale) -> str:
    """Tables 2 and 3."""
    text = ""
    for name, title in (("table2", "Table 2: which term"), ("table3", "Table 3: reduce operator and kernel")):
        rows = []
        for row in table_rows(name):
            entry, printed = results.entry(name, row.name), paper_numbers.printed(name, row.name, 50)
            rows.append([row.title, *(side_by_side(entry, printed, metric) for metric in ("iou", "hd95"))])
        text += f"### {title}\n\nOurs · the paper's, {scale.first.title}.\n\n"
        text += table(["row", "IoU", "HD95 (mm)"], rows) + "\n"
    return text


def figure_2(results: Results, pictures: Path) -> str:
    """The qualitative picture where it was drawn, and errors at joints and of scans by number of labelled scans."""
    scale = results.scale
    columns = {"supervised, all": results.entry("table1", "supervised", len(scale.columns) - 1)}
    for position, column in enumerate(scale.columns[:-1]):
        columns[f"{column.patches} patches"] = results.entry("table1", "embedding_matching", position)
    picture = pictures / picture_name(scale)
    text = "### Figure 2\n\n"
    if picture.exists():
        text += "Green is the annotators' outline, orange the prediction.\n\n"
        number_of_cases = len(find_cases(find_hips(scale)))
        text += f"![{number_of_cases} hard cases by number of labelled scans](figures/{picture.name})\n\n"
    else:
        text += "The picture was not drawn at this scale.\n\n"
    scans = strata_table("HD95 (mm) of embedding matching by kind of scan", scale, columns)
    return f"{text}{joint_table(results)}\n{scans}"


def made_with(entries: Mapping[str, Entry]) -> str:
    """Versions and devices, and how long it took."""
    records = [record for entry in entries.values() for record in entry.records]
    found = sorted({", ".join(f"{k} {v}" for k, v in record["versions"].items()) for record in records})
    hours = sum(record["seconds"]["training"] + record["seconds"]["testing"] for record in records) / 3600
    return f"{len(records)} cells of the first column took {hours:.2f} hours. Made with: {'; '.join(found)}.\n"
