"""What the loops over columns have in common: buffers in, mutants out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pottsfold.lazy import lazy_module
from pottsfold.mutations.mutants import (
    OK,
    PARTIAL,
    REASONS,
    UNSCORABLE,
    Issue,
    Mutants,
    Remark,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from pottsfold.mutations.library.parsing import kernels
else:
    kernels = lazy_module("pottsfold.mutations.library.parsing.kernels")


def text_array(texts: Iterable[object]) -> pa.Array:
    """Return texts as one Arrow array, null for what is not a text.

    Half characters, as from a command line that is no UTF-8, become ``?``.
    """
    import pyarrow as pa

    if isinstance(texts, pa.Array):
        return texts
    words = [text if isinstance(text, str) else None for text in texts]
    try:
        return pa.array(words, pa.large_string())
    except UnicodeEncodeError:
        whole = [w and w.encode("utf-8", "replace").decode() for w in words]
        return pa.array(whole, pa.large_string())


class Read(NamedTuple):
    """What a kernel wrote, see there; rows whose verdict is LEFT are empty."""

    bounds: NDArray[np.int64]
    columns: NDArray[np.int64]
    letters: NDArray[np.uint8]
    verdicts: NDArray[np.int64]


def buffers_of(texts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the starts (n + 1,) int64 and the bytes of an array of texts."""
    import pyarrow as pa

    dtype = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    if len(texts) == 0 or offsets is None or data is None:
        return np.zeros(len(texts) + 1, np.int64), np.zeros(0, np.uint8)
    starts = np.frombuffer(
        offsets, dtype, len(texts) + 1, texts.offset * dtype().nbytes
    )
    first, last = int(starts[0]), int(starts[-1])
    return starts.astype(np.int64) - first, np.frombuffer(data, np.uint8)[first:last]


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that cannot be written: one kind of argument to compile for."""
    array.flags.writeable = False
    return array


def empty_read(n_texts: int, n_letters: int) -> Read:
    """Return room for a kernel to write to."""
    return Read(
        np.empty(n_texts + 1, np.int64),
        np.empty(n_letters, np.int64),
        np.empty(n_letters, np.uint8),
        np.empty((n_texts, 2), np.int64),
    )


def finished(
    read: Read,
    source: pa.Array,
    texts: pa.Array,
    singly: Callable[[list[object]], Mutants],
    named: Mapping[tuple[int, str], int],
) -> Mutants:
    """Return mutants, the rows that the kernel left read one by one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    counts, reasons = read.verdicts.T.copy()
    left = reasons == kernels.LEFT
    if source.null_count:
        left |= np.asarray(pc.is_null(source))
    issues: dict[str, Issue] = {}
    labels: Mapping[str, int] = {}
    remarks: Mapping[str, Remark] = {}
    wild_types = Counter(named)
    if left.any():
        rows = np.flatnonzero(left)
        others = singly(source.take(pa.array(rows)).to_pylist())
        read = woven(read, left, others)
        counts[rows], reasons[rows] = others.counts, others.reasons
        issues = {
            reason: Issue(int(rows[row]), message)
            for reason, (row, message) in others.issues.items()
        }
        wild_types.update(others.wild_types)
        labels = others.labels
        remarks = {
            sentence: remark._replace(row=int(rows[remark.row]))
            for sentence, remark in others.remarks.items()
        }
        replaced = others.texts.cast(texts.type)
        texts = pc.replace_with_mask(texts, pa.array(left), replaced)
    for reason in np.unique(reasons[~left & (reasons > 0)]).tolist():
        row = int(np.argmax(~left & (reasons == reason)))
        word = REASONS[reason]
        if word not in issues or row < issues[word].row:
            (told,) = singly([source[row].as_py()]).issues.values()
            issues[word] = Issue(row, told.message)
    statuses = np.where(reasons == 0, OK, UNSCORABLE)
    outside = reasons == kernels.OUTSIDE_MODEL
    statuses[outside & (np.diff(read.bounds) > 0)] = PARTIAL
    return Mutants(
        texts=texts,
        offsets=read.bounds,
        columns=read.columns,
        letters=read.letters,
        counts=counts,
        statuses=statuses.astype(np.uint8),
        reasons=reasons.astype(np.uint8),
        issues=issues,
        wild_types=wild_types,
        labels=labels,
        remarks=remarks,
    )


def woven(read: Read, left: NDArray[np.bool_], others: Mutants) -> Read:
    """Return what a kernel read with the rows that it left filled in."""
    sizes = np.diff(read.bounds)
    sizes[left] = np.diff(others.offsets)
    theirs = np.repeat(left, sizes)
    columns = np.empty(len(theirs), np.int64)
    letters = np.empty(len(theirs), np.uint8)
    columns[~theirs], columns[theirs] = read.columns, others.columns
    letters[~theirs], letters[theirs] = read.letters, others.letters
    return read._replace(bounds=bounds_of(sizes), columns=columns, letters=letters)


def bounds_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where rows of these sizes begin and end, shape (n + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
