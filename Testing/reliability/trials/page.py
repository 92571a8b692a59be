"""The page docs/reliability.md, made from results.json."""

from __future__ import annotations

from typing import Any

from trials.survivors import EXPLAINED

HEAD = """# Reliability

What SemiSegEmbed was put through, how often, and what happened. This page is made by a script and a test compares it
with `Testing/reliability/results.json`:

```bash
.venv/bin/python Testing/reliability/campaign.py
```

Short forms of all topics run as tests (`Testing/reliability/test_campaign.py`). "Lost" names what was lost that should
not have been. "One sentence" means that the person reads one sentence that says what is wrong and what to do, without
a path and without a traceback.
"""

TITLES = {
    "killing": (
        "Killed at random moments",
        "The process gets SIGKILL after a random time. Afterwards every file that the manifest names is hashed, and "
        "every write that had been reported as done is looked for.",
    ),
    "power_loss": (
        "Power loss",
        "A file survives a power loss when its bytes are flushed before it is renamed and the folder is flushed "
        "after. Linux was watched from the kernel's side too. macOS and Windows were not at hand: there the library "
        "was told that it runs on them, so the order of its calls is known, and what their disks do is not.",
    ),
    "disk": (
        "Disks",
        "Sixteen kinds of writing are tried in each situation, each in a process of its own: scans, labels, roles, "
        "runs, events, status, requests, checkpoints, images, segmentations, models, cache, command line.",
    ),
    "places": ("Places, clocks, other programs, changed files", ""),
    "devices": (
        "GPU and memory",
        "There was no GPU. Its failures are torch's own exceptions, raised from a hook at every convolution as the "
        "driver would raise them there; so it is known what the program does when they come, and not that a certain "
        "driver raises them. Memory of the CPU is limited for real (RLIMIT_AS).",
    ),
    "signals": ("Kills, signals, sleep", ""),
    "fuzzing": (
        "Damaged inputs",
        "Each input is looked at by the check of a case, in a process of its own with 1 GiB more memory and 5 s of "
        "the processor. A refusal must be one sentence. What is read must be, voxel by voxel, what the input was made "
        "from. A header that was changed to other plausible numbers cannot be told from a true one by anybody and is "
        "not among them.",
    ),
    "hostile": (
        "Hostile files",
        "Each would make a file in a marked place if any of its code ran or any of its paths were followed.",
    ),
    "load": ("A day of work", "Time is compressed: each hour of the day is one round of the work of an hour."),
    "privacy": (
        "Privacy",
        "Name, number and birth date of a patient and a path are planted in DICOM tags, NRRD fields, NIfTI texts, "
        "segment names' neighbours and names of folders. Then every file that was written is searched for them, "
        "unpacked where it is packed. Only `study.json`, its backup and the scans that a person asked to copy may "
        "hold them.",
    ),
    "numbers": ("Numbers", ""),
    "mutation": (
        "Are the tests any good?",
        "Each mutant has one small fault in one line. It is killed when the tests of that file alone notice it. "
        "Survivors were looked at one by one.",
    ),
}


def render(results: dict[str, Any]) -> str:
    """The page as Markdown."""
    rows = [row for topic in results.values() for row in topic["rows"]]
    lost = sum(not row["good"] for row in rows)
    times = sum(row["times"] for row in rows)
    summary = f"{times:,} trials in {len(rows)} situations; in {lost} of them something was lost."
    parts = [HEAD, summary, ""]
    for name, topic in results.items():
        title, text = TITLES[name]
        parts += [f"## {title}", ""]
        if text:
            parts += [text, ""]
        parts += table(topic["rows"])
        parts += survivors(topic["rows"])
        parts += ["", f"Measured on {topic['date']} in {topic['seconds']} s on {topic['system']}.", ""]
    return "\n".join(parts)


def survivors(rows: list[dict[str, Any]]) -> list[str]:
    """A list of the mutants that survived, each with the reason."""
    left = [(row["tried"], mutant) for row in rows for mutant in row.get("left", [])]
    listed = [f"- {place}: `{mutant}`: {EXPLAINED.get(mutant, 'not explained')}" for place, mutant in left]
    return ["", "Survivors:", "", *listed] if listed else []


def table(rows: list[dict[str, Any]]) -> list[str]:
    """One row a situation; the column about how it was provoked only where it says something."""
    provoked = any(row["provoked"] for row in rows)
    head = ["tried", *(["how"] if provoked else []), "times", "what happened", "lost"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        how = [row["provoked"]] if provoked else []
        cells = [row["tried"], *how, f"{row['times']:,}", row["happened"], row["lost"]]
        lines.append(f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |")
    return lines
