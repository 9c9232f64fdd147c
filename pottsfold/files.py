"""Files written whole or not at all, named by their content, and unpacked."""

from __future__ import annotations

import codecs
import contextlib
import errno
import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from pottsfold.errors import OutputError, PottsfoldError, TableError, UsageError

# By the bytes that a file begins with.
# Marks of byte order; those of UTF-32 first, since one begins with one of UTF-16.
WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
COMPRESSIONS = {
    b"\x1f\x8b": "gz",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
}
PIECE = 2**20


@dataclass(frozen=True)
class Reads:
    """A file that is read, or a text that may name one.

    Parameters
    ----------
    replaceable : bool
        Whether the result may take its place: it is asked for so, and read whole.
    """

    replaceable: bool = False


@dataclass(frozen=True)
class Writes:
    """A file that is written.

    Parameters
    ----------
    endings : tuple of str
        One of these is needed; any will do where there are none.
    refused : tuple of str
        Endings that promise something else.
    standard_output : bool
        Whether ``-`` is standard output.
    folder : bool
        Whether a folder may be named in place of the file.
    beside : callable, optional
        Returns the further files that are written, from the name of the first.
    """

    endings: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    standard_output: bool = False
    folder: bool = False
    beside: Callable[[str], list[Path]] | None = None


# Who wants to know what was written: see record_written.
_records: list[list[Path]] = []


def check_writable(path: str | Path) -> Path:
    """Return ``path`` when a file can be made there, before any long work.

    A symbolic link is followed, so that the file it points to is written.

    Raises
    ------
    OutputError
        If its folder is missing or cannot be written, or the path is a folder, a
        device or a pipe.
    """
    path = Path(path)
    if path.is_symlink():
        path = path.resolve()
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"{path}: folder {folder} does not exist; make it first")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    if path.exists() and not path.is_file():
        # A file renamed into its place would do away with the device or pipe.
        raise OutputError(f"{path}: is no plain file; name one")
    try:
        handle, probe = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot write in folder {folder} ({error.strerror}); "
            "choose another folder"
        ) from error
    os.close(handle)
    os.unlink(probe)
    return path


def check_apart(
    outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None]
) -> None:
    """Check that no output takes the place of an input or of another output.

    Parameters
    ----------
    outputs, inputs : iterable of str or Path
        Files; None and ``-`` are left out.

    Raises
    ------
    UsageError
        If it does.
    """
    given = [str(path) for path in inputs if path is not None]
    taken = {_identity(path): "is read" for path in given}
    for path in outputs:
        if path is None or str(path) == "-":
            continue
        place = _identity(path)
        if place in taken:
            raise UsageError(f"{path}: {taken[place]} as well; give another name")
        taken[place] = "is written"


def _identity(path: str | Path) -> object:
    """Return what is equal for two names of one file, hard links among them."""
    try:
        about = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return about.st_dev, about.st_ino


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, renamed into place at the end.

    If the block is left by an exception, an interrupt among them, the file
    beside is removed and whatever stood at ``path`` stays as it was.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written, or the disk is full.
    """
    path = check_writable(path)
    # The ending is kept, since writers choose their format by it.
    handle, name = tempfile.mkstemp(
        prefix=f".{path.stem}.", suffix=f".partial{path.suffix}", dir=path.parent
    )
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        beside.chmod(_default_mode())
        beside.replace(path)
        note_written(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({_why(error)})") from error
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def standard_output() -> Iterator[TextIO | codecs.StreamWriter]:
    """Give standard output to write a table or sequences to.

    They are the bytes that a file would hold: UTF-8 in any locale.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    out = sys.stdout
    try:
        out.flush()
        binary = getattr(out, "buffer", None)  # a notebook's has none
        yield out if binary is None else codecs.getwriter("utf-8")(binary)
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise standard_output_refused(error) from error


def standard_output_refused(error: OSError) -> OutputError:
    """Return the error to raise where standard output cannot be written."""
    why = "it is closed" if error.errno == errno.EBADF else _why(error)
    return OutputError(f"standard output cannot be written ({why})")


def _why(error: OSError) -> str:
    """Return what the system says, also where a library words it or leaves it out."""
    if error.errno is not None:
        return os.strerror(error.errno)
    return f"{str(error) or 'cut short'}; is the disk full?"


@contextlib.contextmanager
def record_written() -> Iterator[list[Path]]:
    """Give a list that gets every path written while the block runs, in order."""
    written: list[Path] = []
    _records.append(written)
    try:
        yield written
    finally:
        _records.remove(written)


def note_written(path: str | Path) -> None:
    """Have it known that a path now holds something that stays."""
    for written in _records:
        if Path(path) not in written:
            written.append(Path(path))


def _default_mode() -> int:
    """Return the permissions a newly opened file would have."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, as hexadecimal digits."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding that a text's byte-order mark tells, None for UTF-8."""
    for mark, encoding in WIDE_MARKS:
        if data.startswith(mark):
            return encoding
    return None


class DamagedFile(PottsfoldError):
    """Compressed data that are cut off or damaged; the message names no file."""


def compression_of(data: bytes) -> str | None:
    """Return gz, xz, zst or bz2, as the first bytes show; None for plain data."""
    for magic, compression in COMPRESSIONS.items():
        if data[: len(magic)] == magic:
            return compression
    return None


def unpack(source: str | BinaryIO, compression: str, limit: int | None = None) -> bytes:
    """Return compressed data unpacked.

    Parameters
    ----------
    source : str or binary file
        Holds the data, from its beginning.
    compression : str
        From :func:`compression_of`.
    limit : int, optional
        Bytes after which to stop: where there are more, a little more is returned.

    Raises
    ------
    DamagedFile
        If the data are cut off or damaged.
    """
    from xopen import xopen

    result = io.BytesIO()
    try:
        with xopen(source, "rb", format=compression, threads=0) as handle:
            # A single read would go past the limit, or set it aside beforehand.
            while (limit is None or result.tell() <= limit) and (
                piece := handle.read(PIECE)
            ):
                result.write(piece)
    except EOFError as error:
        raise DamagedFile(f"the {compression} data end too soon (cut off?)") from error
    except MemoryError:
        raise  # it says nothing of the data
    except Exception as error:  # each compression library has errors of its own
        raise DamagedFile(f"the {compression} data are damaged ({error})") from error
    return result.getvalue()


def read_small_text(path: str, limit: int, advice: str) -> str:
    """Return the text of a small table, plain or packed.

    Parameters
    ----------
    path : str
        The file.
    limit : int
        Bytes, unpacked, that it may have.
    advice : str
        What to say of one that has more.

    Raises
    ------
    TableError
        If it cannot be read, is damaged, or has more bytes.
    """
    try:
        with open(path, "rb") as handle:
            data = handle.read(limit + 1)
        compression = compression_of(data)
        if compression is not None:
            data = unpack(path, compression, limit)
    except FileNotFoundError:
        raise TableError(path, "no such file") from None
    except OSError as error:
        raise TableError(path, f"cannot be read ({error.strerror})") from error
    except DamagedFile as error:
        raise TableError(path, str(error)) from error
    if len(data) > limit:
        raise TableError(path, advice)
    return data.decode(marked_encoding(data) or "utf-8-sig", "replace")
