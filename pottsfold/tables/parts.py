"""Long tables written part by part, so that a killed run loses little.

Finished parts stand in ``OUT.parts/`` beside the table, each renamed into place when
whole, with a journal that says what they were made of. At the end they are joined,
the table is renamed into place, and the folder goes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pottsfold.errors import OutputError, PottsfoldError, UsageError
from pottsfold.files import note_written
from pottsfold.tables.encoders import Encoder

if TYPE_CHECKING:
    import pyarrow as pa

JOURNAL = "journal.json"
OUR_FILES = re.compile(r"\.?[0-9]{8}\..*|\.?journal\..*")


class TableParts:
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
        If the folder holds files that are not parts, another run holds it, or it
        cannot be written.
    """

    def __init__(
        self, output: str, encoder: Encoder, origin: Mapping[str, Any], *, resume: bool
    ) -> None:
        self._output = output
        self._encoder = encoder
        self._origin = dict(origin)
        self.folder = Path(f"{output}.parts")
        self._lock: int | None = None
        if self.folder.exists():
            if not self.folder.is_dir():
                raise OutputError(f"{self.folder}: is no folder of parts; move it away")
            self._hold()
            try:
                if resume:
                    self._check()
                else:
                    self.remove()
            except PottsfoldError:
                self.release()
                raise
        self._goes_on = self.folder.exists()

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
            note_written(self._output)
        except OSError as error:
            raise OutputError(
                f"{self._output}: cannot be written ({error.strerror or error})"
            ) from error
        self.remove()

    def n_finished(self) -> int:
        """Return the number of parts that are whole."""
        return len(list(self.folder.glob(f"[0-9]*.{self._encoder.ending}")))

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
        self.release()

    def release(self) -> None:
        """Let another run have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _hold(self) -> None:
        """Keep other runs from the folder; a killed run no longer does.

        Else two that write one table would take each other's parts for their own.
        """
        with contextlib.suppress(ImportError):
            import fcntl

            self._lock = os.open(self.folder, os.O_RDONLY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                self.release()
                raise self._busy() from error
            except OSError:
                # A file system without locks.
                self.release()

    def begin(self) -> None:
        """Make the folder and its journal, unless a run goes on with them."""
        if self._goes_on:
            return
        try:
            self.folder.mkdir()
        except FileExistsError as error:
            raise self._busy() from error
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be made ({error.strerror})"
            ) from error
        self._hold()
        text = json.dumps(self._origin, indent=1) + "\n"
        self._write(self.folder / JOURNAL, lambda path: path.write_text(text))

    def _busy(self) -> OutputError:
        return OutputError(
            f"{self._output}: another run is writing it; wait for that one or give "
            "another name with `output`"
        )

    def _write(self, place: Path, write: Callable[[Path], Any]) -> None:
        """Write a file, renamed into place when whole.

        No result yet, so it does not count as written.
        """
        beside = place.with_name(f".{place.name}")
        try:
            write(beside)
            beside.replace(place)
        except OSError as error:
            raise OutputError(
                f"{place}: cannot be written ({error.strerror or error})"
            ) from error
        finally:
            beside.unlink(missing_ok=True)

    def _check(self) -> None:
        try:
            there = json.loads((self.folder / JOURNAL).read_text())
        except (OSError, ValueError, RecursionError):
            there = None
        if not isinstance(there, dict):
            # Killed before the journal was written, when there are no parts either; or
            # damaged since, and nothing tells what the parts are of.
            self.remove()
            return
        for key, value in self._origin.items():
            if there.get(key) != value:
                raise UsageError(
                    f"{self.folder}: its parts were made with {key} {there.get(key)}, "
                    f"this is {key} {value}; leave out `resume` to begin anew"
                )
