"""Questions to a live run, as files: whoever watches asks, the run answers beside the question."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.events import plain
from SemiSegEmbedLib.study.fields import read_json
from SemiSegEmbedLib.study.files import atomic_write, explain

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_ANSWER = ".answer.json"
_KEPT = 50
_SIZE_LIMIT = 1 << 20


class Requests:
    """The folder `requests/` of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(self, kind: str, **fields: Any) -> str:
        """Write a question, for example `ask("preview", case="case-0003")`.

        Returns:
            The id under which the answer will be found.

        Raises:
            SemiSegEmbedError: It could not be written.
        """
        request_id = f"{time.time_ns():020d}-{os.urandom(4).hex()}"
        try:
            self._folder.mkdir(exist_ok=True)
        except OSError as error:
            raise explain(error, "The request could not be written") from error
        self._write(f"{request_id}.json", {**fields, "id": request_id, "kind": kind})
        return request_id

    def pending(self) -> list[dict[str, Any]]:
        """Questions without an answer, oldest first, each with "id" and "kind"; damaged ones are left out."""
        answered = {path.name.removesuffix(_ANSWER) for path in self._files(_ANSWER)}
        found = []
        for path in self._files(".json"):
            if path.stem in answered or not _ID.fullmatch(path.stem):
                continue
            try:
                question = read_json(path, _SIZE_LIMIT)
            except BadInputError:
                continue
            if isinstance(question, dict) and isinstance(question.get("kind"), str):
                found.append({**question, "id": path.stem})
        return found

    def answer(self, request_id: str, **fields: Any) -> None:
        """Answer a question; of old questions only the newest fifty are kept, with the files of their answers.

        Raises:
            SemiSegEmbedError: The id is none of ours, or the answer could not be written.
        """
        self._check(request_id)
        self._write(f"{request_id}{_ANSWER}", {**fields, "id": request_id})
        for old in self._files(_ANSWER)[:-_KEPT]:
            # The answer has the longest name and goes last. Windows refuses while somebody looks at a preview: what
            # is left then goes with a later answer.
            with suppress(OSError):
                for path in sorted(
                    self._folder.glob(f"{old.name.removesuffix(_ANSWER)}.*"), key=lambda p: len(p.name)
                ):
                    path.unlink()

    def read_answer(self, request_id: str) -> dict[str, Any] | None:
        """The answer to a question, or None as long as there is none."""
        self._check(request_id)
        path = self._folder / f"{request_id}{_ANSWER}"
        if not path.is_file():
            return None
        answer = read_json(path, _SIZE_LIMIT)
        return answer if isinstance(answer, dict) else None

    def _files(self, ending: str) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if path.name.endswith(ending))

    def _write(self, name: str, fields: dict[str, Any]) -> None:
        atomic_write(self._folder / name, json.dumps(plain(fields)).encode("ascii"))

    def _check(self, request_id: str) -> None:
        if not _ID.fullmatch(request_id):
            raise BadInputError("This is not the id of a request: use the one that asking returned.")
