"""Words and numbers of large text files, by whole arrays.

A file is cut into blocks of whole lines; the words of a block are one Arrow array of
strings, made from the bytes without a Python object each, and become numbers at once.
Line numbers are known throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pottsfold.errors import ModelFormatError
from pottsfold.model.formats.content import Content

BLOCK = 4 * 2**20
MAX_LINE_LENGTH = 2**20


@dataclass(frozen=True, eq=False)
class Lines:
    """Some whole lines of a text file, in words.

    Parameters
    ----------
    content : Content
        The file.
    first : int
        Number of the first line, from 1.
    raw : (B,) uint8
        Bytes of the words, one after the other, white space left out.
    offsets : (W + 1,) int64
        Where in ``raw`` every word begins.
    starts : (K + 1,) int64
        First word of every line.
    """

    content: Content
    first: int
    raw: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of words of every line, shape (K,)."""
        return np.diff(self.starts)

    @property
    def numbers_of_lines(self) -> NDArray[np.int64]:
        """Number of every line, from 1, shape (K,)."""
        return self.first + np.arange(len(self.starts) - 1)

    @cached_property
    def _strings(self) -> Any:
        import pyarrow as pa

        return pa.LargeStringArray.from_buffers(
            len(self.offsets) - 1, pa.py_buffer(self.offsets), pa.py_buffer(self.raw)
        )

    def word(self, index: int) -> str:
        """Return one word; bytes that are not ASCII are shown as ``?``."""
        raw = self.raw[self.offsets[index] : self.offsets[index + 1]]
        return raw.tobytes().decode("ascii", "replace").replace("\ufffd", "?")

    def bad(self, line: int, message: str) -> ModelFormatError:
        """Return the error for line ``line`` of the block, from 0."""
        return self.content.bad(f"line {self.first + line}: {message}")

    def check_counts(self, due: NDArray[np.int64]) -> None:
        """Refuse a line that has not as many words as are due, shape (K,)."""
        wrong = np.flatnonzero(self.counts != due)
        if wrong.size:
            line = int(wrong[0])
            raise self.bad(line, f"{self.counts[line]} entries, {due[line]} are due")

    def initials(self, words: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the only byte of every word; 0 where it is longer, shape (M,)."""
        first = self.raw[self.offsets[words]]
        return np.where(
            self.offsets[words + 1] - self.offsets[words] == 1, first, np.uint8(0)
        )

    def floats(self, words: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return words as finite numbers, shape (M,) float32."""
        values = self._cast(words, "float32")
        odd = np.flatnonzero(~np.isfinite(values))
        if odd.size:
            self._refuse(int(words[odd[0]]), "is not a finite number")
        return np.asarray(values, np.float32)

    def integers(self, words: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return words as integers, shape (M,) int64."""
        return np.asarray(self._cast(words, "int64"), np.int64)

    def _cast(self, words: NDArray[np.int64], kind: str) -> NDArray[Any]:
        import pyarrow as pa

        chosen = self._strings
        # Taking all words of a block again would copy them.
        if len(words) != len(chosen):
            chosen = chosen.take(pa.array(words))
        try:
            return np.asarray(chosen.cast(kind).to_numpy(zero_copy_only=False))
        except pa.ArrowInvalid:
            low, high = 0, len(chosen)
            while high - low > 1:
                middle = (low + high) // 2
                try:
                    chosen.slice(low, middle - low).cast(kind)
                    low = middle
                except pa.ArrowInvalid:
                    high = middle
            self._refuse(int(words[low]), "is not a number")

    def _refuse(self, word: int, message: str) -> NoReturn:
        line = int(np.searchsorted(self.starts, word, "right")) - 1
        raise self.bad(line, f"{self.word(word)[:40]!r} {message}")


def blocks_of_lines(content: Content) -> Iterator[Lines]:
    """Yield a text file in blocks of whole lines.

    Raises
    ------
    ModelFormatError
        If a line is longer than any line of these formats.
    """
    data, size = content.data, len(content)
    at, line = 0, 1
    while at < size:
        end = min(at + BLOCK, size)
        if end < size:
            first = max(at, end - MAX_LINE_LENGTH)
            newline = data[first:end].rfind(b"\n")
            if newline < 0:
                raise content.bad(f"a line from {line} on is too long; damaged?")
            end = first + newline + 1
        block = _words(content, content.array(np.uint8, end - at, at), line)
        yield block
        at, line = end, line + len(block.starts) - 1


def _words(content: Content, text: NDArray[np.uint8], first: int) -> Lines:
    ink = text > ord(" ")
    edges = np.flatnonzero(np.diff(ink, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    offsets = np.zeros(len(begins) + 1, np.int64)
    np.cumsum(ends - begins, out=offsets[1:])
    newlines = np.flatnonzero(text == ord("\n"))
    if text[-1] != ord("\n"):
        newlines = np.append(newlines, len(text))
    starts = np.zeros(len(newlines) + 1, np.int64)
    starts[1:] = np.searchsorted(begins, newlines)
    return Lines(content, first, text[ink], offsets, starts)
