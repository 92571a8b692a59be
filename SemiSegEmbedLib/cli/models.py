"""`model list|describe|import|export|delete`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_study
from SemiSegEmbedLib.cli.output import Console
from SemiSegEmbedLib.study.study import Study


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("model", help="list, describe, import, export and delete models")
    group = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = add_command(group, "list", run_list, "list the models of a study", "model list hips")
    add_study(listing)

    describe = add_command(group, "describe", run_describe, "say what a model is", "model describe hips ID")
    add_study(describe)
    describe.add_argument("model", metavar="MODEL", help="model id or file")

    importing = add_command(
        group, "import", run_import, "copy a model file into a study", "model import hips m.ssemodel"
    )
    add_study(importing)
    importing.add_argument("file", type=Path)

    export = add_command(group, "export", run_export, "copy a model out of a study", "model export hips ID m.ssemodel")
    add_study(export)
    export.add_argument("model", metavar="MODEL")
    export.add_argument("file", type=Path)

    delete = add_command(group, "delete", run_delete, "delete a model", "model delete hips ID")
    add_study(delete)
    delete.add_argument("model", metavar="MODEL")


def run_list(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.models import list_models

    rows = list_models(Study.open(options.study))
    columns = ("model", "created", "method", "steps", "annotated", "unannotated", "hd95", "mebibytes")
    console.table(columns, [[row.get(column) for column in columns] for row in rows])
    console.result(rows)


def run_describe(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.models import describe_model

    facts = describe_model(Study.open(options.study), options.model)
    console.table(("fact", "value"), sorted(facts.items()))
    console.result(facts)


def run_import(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.models import import_model

    model_id = import_model(Study.open(options.study), options.file)
    console.line(f"Imported as {model_id}.")
    console.result({"model": model_id})


def run_export(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.models import export_model

    export_model(Study.open(options.study), options.model, options.file)
    console.line(f"Written to {options.file}.")
    console.result({"model": options.model, "file": str(options.file)})


def run_delete(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.models import delete_model

    freed = delete_model(Study.open(options.study), options.model)
    console.line(f"Deleted {options.model}; {freed / 2**20:.1f} MiB freed.")
    console.result({"model": options.model, "freed_bytes": freed})
