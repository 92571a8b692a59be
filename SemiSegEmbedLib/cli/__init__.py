"""The terminal door: `python -m SemiSegEmbedLib`, or `semisegembed` once installed.

Exit codes: 0 done, 1 failed, 2 bad usage or bad data, 3 stopped. Each file here adds one group of subcommands.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence

from SemiSegEmbedLib import __version__
from SemiSegEmbedLib.errors import SemiSegEmbedError

EPILOG = """examples:
  semisegembed demo --quick                          see the whole loop on phantom hips
  semisegembed study create hips --labels hip-bones  begin a study
  semisegembed study add hips scans/*.nii.gz         add CT scans
  semisegembed study label hips case-0001 mask.nrrd  say which one is annotated
  semisegembed train hips --minutes 20               learn from all of them
  semisegembed segment hips new_patient.nii.gz       segment a new hip with the newest model
exit codes: 0 done, 1 failed, 2 bad usage or bad data, 3 stopped"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one subcommand and returns its exit code; every error a person can act on is one line on stderr."""
    from SemiSegEmbedLib.cli.output import Console

    options = build_parser().parse_args(arguments)
    with contextlib.suppress(AttributeError):  # a stream that somebody put in its place may know no encoding
        # Windows writes into a file in an old encoding, which lacks letters that names of scans have.
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    console = Console(as_json=getattr(options, "json", False))
    try:
        return options.run(options, console) or 0
    except SemiSegEmbedError as error:
        print(f"semisegembed: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("semisegembed: Stopped; what was done until now is kept.", file=sys.stderr)
        return 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader (head, less) has enough
        return 0


def build_parser() -> argparse.ArgumentParser:
    """All subcommands with their help."""
    from SemiSegEmbedLib.cli import bench, models, samples, studies, training, using

    parser = argparse.ArgumentParser(
        prog="semisegembed",
        description="Learn to segment hip bones in CT from a few annotated scans and many unannotated ones.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"SemiSegEmbed {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for group in (studies, training, using, models, samples, bench):
        group.add_commands(commands)
    return parser
