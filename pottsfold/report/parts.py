"""Long tables written part by part, so that a killed run loses little.

Finished parts stand in ``OUT.parts/`` beside the table, each renamed into place when
whole, with a journal that says what they were made of. At the end they are joined,
the table is renamed into place, and the folder goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pottsfold.errors import OutputError, UsageError
from pottsfold.files import written_whole
from pottsfold.report.encoders import Encoder

if TYPE_CHECKING:
    import pyarrow as pa

JOURNAL = "journal.json"
OUR_FILES = re.compile(r"\.?[0-9]{8}\..*|\.?journal\..*")


class Parts:
    """The folder of finished parts of one table.

    Parameters
    ----------
    output : str
        The table.
    encoder : Encoder
        How parts are written.
    origin : dict
        What decides the result: it must be the same for a run to go on.
    resume : bool
        Whether to go on with the parts that are there; else they are removed.

    Raises
    ------
    UsageError
        If the parts that are there were made of something else.
    OutputError
        If the folder holds files that are not parts, or cannot be written.
    """

    def __init__(
        self, output: str, encoder: Encoder, origin: Mapping[str, Any], *, resume: bool
    ) -> None:
        self._output = output
        self._encoder = encoder
        self._origin = dict(origin)
        self.folder = Path(f"{output}.parts")
        if self.folder.exists():
            if resume:
                self._check()
            else:
                self.remove()

    def path(self, number: int) -> Path:
        """Return the file of a part, counted from 0."""
        return self.folder / f"{number:08d}.{self._encoder.ending}"

    def write(self, number: int, table: pa.Table) -> None:
        """Write a part; any thread may call this."""
        data = self._encoder.part(table)
        self._write(self.path(number), lambda path: path.write_bytes(data))

    def join(self, count: int, names: Sequence[str]) -> None:
        """Join the parts, rename the table into place and remove the folder."""
        paths = [self.path(number) for number in range(count)]
        # Inside the folder, so that a killed run leaves nothing beside it.
        whole = self.folder / "00000000.whole"
        try:
            self._encoder.join(paths, names, whole)
            whole.replace(self._output)
        except OSError as error:
            raise OutputError(
                f"{self._output}: cannot be written ({error.strerror or error})"
            ) from error
        self.remove()

    def remove(self) -> None:
        """Remove the parts and their folder."""
        if not self.folder.exists():
            return
        files = list(self.folder.iterdir())
        strange = [file.name for file in files if not OUR_FILES.fullmatch(file.name)]
        if strange:
            raise OutputError(
                f"{self.folder}: holds {strange[0]}, which is no part of a table; "
                "move that folder away"
            )
        for file in files:
            file.unlink()
        self.folder.rmdir()

    def begin(self) -> None:
        """Make the folder and its journal, unless they are there."""
        if not self.folder.exists():
            try:
                self.folder.mkdir()
            except OSError as error:
                raise OutputError(
                    f"{self.folder}: cannot be made ({error.strerror})"
                ) from error
            text = json.dumps(self._origin, indent=1) + "\n"
            self._write(self.folder / JOURNAL, lambda path: path.write_text(text))

    def _write(self, place: Path, write: Callable[[Path], Any]) -> None:
        with written_whole(place) as beside:
            write(beside)

    def _check(self) -> None:
        try:
            there = json.loads((self.folder / JOURNAL).read_text())
        except (OSError, ValueError):
            # Killed before the journal was written: there are no parts either.
            self.remove()
            return
        for key, value in self._origin.items():
            if there.get(key) != value:
                raise UsageError(
                    f"{self.folder}: its parts were made with {key} {there.get(key)}, "
                    f"this is {key} {value}; score without --resume to begin anew"
                )
