"""What several subcommands share: building a subparser, and the arguments that mean the same everywhere."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.output import Console

Run = Callable[[argparse.Namespace, Console], int | None]


def number(rule: str, allowed: Callable[[float], bool]) -> Callable[[str], float]:
    """The type of an argument that is a number of a certain range; "nan" is in none of them.

    Args:
        rule: The range, to go on after "is not a number".
        allowed: Whether a number lies in it.
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not allowed(value):
            raise argparse.ArgumentTypeError(f"'{text}' is not a number {rule}: choose another one.")
        return value

    return parse


def count(text: str) -> int:
    """The type of an argument that is a whole number of at least 0."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 0: choose another one.")
    return int(text)


minutes = number("above 0 and below 1000000", lambda value: 0 < value < 1e6)
finite = number("that a position can have", math.isfinite)
not_negative = number("of at least 0", lambda value: 0 <= value < math.inf)
below_one = number("from 0 to below 1", lambda value: 0 <= value < 1)


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
