"""What several subcommands share: building a subparser, and the arguments that mean the same everywhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.output import Console

Run = Callable[[argparse.Namespace, Console], int | None]


def add_command(commands: Any, name: str, run: Run, summary: str, example: str) -> argparse.ArgumentParser:
    """Adds one subcommand with help, an example and --json."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  semisegembed {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    parser.set_defaults(run=run)
    return parser


def add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, metavar="STUDY", help="the study's folder")


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", default="auto", help="auto (a GPU where there is one), cpu, cuda, cuda:1, mps (default: auto)"
    )
