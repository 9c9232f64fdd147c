"""A file that a long fit is saved to and taken up from, whatever it holds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pottsfold.alignment.alignment import Alignment
from pottsfold.errors import UsageError

# Seconds between two saves.
EVERY = 30.0


@dataclass
class CheckpointFile:
    """A file, whether its contents are taken up, and when it is next written.

    Parameters
    ----------
    path : Path
        The file.
    resume : bool
        Take up what it holds.
    facts : dict
        What a run depends on: hash of the alignment and settings, by name. They must
        be those of the file.

    Raises
    ------
    UsageError
        If the file is there and not to be taken up, or the other way round.
    """

    path: Path
    resume: bool
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        self._saved = time.monotonic()
        if self.resume and not self.path.exists():
            raise UsageError(
                f"there is no checkpoint {self.path} to go on from", parameter="resume"
            )
        if not self.resume and self.path.exists():
            raise UsageError(
                "exists already; go on from it with `resume`, or remove it",
                parameter="checkpoint",
                value=self.path,
            )

    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved >= EVERY

    def compare(self, held: Mapping[str, Any]) -> None:
        """Refuse what is of another alignment, or was made with other settings.

        Parameters
        ----------
        held : dict
            Facts that the file holds.

        Raises
        ------
        UsageError
            If they are not those of this run.
        """
        for name in [*self.facts, *sorted(set(held) - set(self.facts))]:
            value = self.facts.get(name)
            if held.get(name) != value:
                raise UsageError(
                    f"checkpoint {self.path} has {name} {str(held.get(name))[:80]}, "
                    f"this run has {value}; resume with the settings it was begun with",
                    parameter="resume",
                )

    def unreadable(self, error: OSError) -> UsageError:
        """Return what to raise where the file cannot be read."""
        return UsageError(
            f"{self.path}: cannot be read ({error.strerror}); name a checkpoint, "
            "or start again without `resume`"
        )

    def damaged(self) -> UsageError:
        """Return what to raise where the file holds something else."""
        return UsageError(
            f"{self.path}: damaged, or no checkpoint of pottsfold; remove it and "
            "start again"
        )


def alignment_hash(alignment: Alignment) -> str:
    """Return a SHA-256 of what learning takes from an alignment, hexadecimal.

    Letters and weights; focus and threshold of identity, which say what is held out
    and how the others are weighted.
    """
    digest = hashlib.sha256(np.ascontiguousarray(alignment.codes).tobytes())
    digest.update(alignment.sequence_weights.astype("<f8").tobytes())
    digest.update(f"{alignment.focus} {alignment.identity}".encode())
    return digest.hexdigest()
