"""What every form of Boltzmann learning tells of its progress and its model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict

from pottsfold.inference.boltzmann.validation import SampleQuality

# Called with the gradients made, and a word on what is under way.
Progress = Callable[[int, str], None]
# Called with a sentence.
Announce = Callable[[str], None]


def quality_of(look: SampleQuality, more: Mapping[str, object]) -> dict[str, object]:
    """Return what newly started chains showed in the end, and more, by name."""
    diagnosis = look.diagnosis
    assert diagnosis is not None
    facts = asdict(look) | {
        "diagnosis": diagnosis.verdict,
        "mixing_time": diagnosis.mixing_time,
        "rhat": max(diagnosis.rhat.values()),
    }
    return {name: _plain(value) for name, value in (facts | dict(more)).items()}


def _plain(value: object) -> object:
    """Return a number to four digits, nothing where there is none."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else None
