"""What was learnt from measurements as a small JSON file.

    {"format": "pottsfold augmented 2", "model_sha256": ..., "intercept": ...,
     "weight": ..., "mean": ..., "scale": ..., "half_width": ..., "level": ...,
     "strength": ..., "n_training": ..., "correlation": ...,
     "mutations": {"A23T": coefficient, ...}, "provenance": {...}}

Coefficients stand by mutation, in the focus sequence's own numbers.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from pottsfold.errors import ModelFormatError
from pottsfold.files import written_whole
from pottsfold.model import PottsModel
from pottsfold.model.header import parsed_object
from pottsfold.mutations.assays.augmented import Augmented
from pottsfold.mutations.library.parsing import place_texts
from pottsfold.mutations.mutants import OK
from pottsfold.mutations.notation import Substitution
from pottsfold.provenance import Provenance

FORMAT = "pottsfold augmented 2"
# A protein of 5,000 residues takes 2.5 MB.
MAX_BYTES = 50_000_000
NUMBERS = (
    "intercept",
    "weight",
    "mean",
    "scale",
    "half_width",
    "level",
    "strength",
    "n_training",
    "correlation",
)
AGAIN = "learn it again from the measurements"


def save_augmented(path: str | Path, augmented: Augmented, model: PottsModel) -> None:
    """Write what was learnt to a file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Where; JSON.
    augmented : Augmented
        Trained beside ``model``.
    model : PottsModel
        Names the sites and letters.

    Raises
    ------
    OutputError
        If it cannot be written there.
    """
    letters, focus = model.alphabet.letters, model.require_focus()
    mutations = {
        str(
            Substitution(
                letters[focus[column]], int(model.numbering.positions[column]), letter
            )
        ): float(augmented.coefficients[column, code])
        for column in np.flatnonzero(augmented.coefficients.any(axis=1)).tolist()
        for code, letter in enumerate(letters)
        if code >= model.states.start and code != focus[column]
    }
    content = {
        "format": FORMAT,
        "model_sha256": augmented.model_sha256,
        **{name: getattr(augmented, name) for name in NUMBERS},
        "mutations": mutations,
        "provenance": dataclasses.asdict(augmented.provenance),
    }
    with written_whole(path) as beside:
        beside.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")


def load_augmented(path: str | Path, model: PottsModel, model_sha256: str) -> Augmented:
    """Read what was learnt beside a model; nothing in the file is trusted.

    Parameters
    ----------
    path : str or Path
        From :func:`save_augmented`.
    model : PottsModel
        The model it was trained beside.
    model_sha256 : str
        Of that model's file (:func:`pottsfold.files.sha256_of`).

    Raises
    ------
    ModelFormatError
        If it cannot be read, is damaged, or belongs to another model.
    """
    name = str(path)
    content = _content(name)
    if content.get("format") != FORMAT:
        raise ModelFormatError(name, f"is no {FORMAT!r} file; {AGAIN}")
    if content.get("model_sha256") != model_sha256:
        found = ascii(content.get("model_sha256")).strip("'")[:12]
        raise ModelFormatError(
            name,
            f"was trained beside another model (SHA-256 {found}..., this one has "
            f"{model_sha256[:12]}...); give that model, or {AGAIN}",
        )
    numbers = {key: _number(name, key, content.get(key)) for key in NUMBERS}
    mutations = content.get("mutations")
    if not isinstance(mutations, dict) or len(mutations) > model.fields.size:
        raise ModelFormatError(name, f"mutations is not what it should be; {AGAIN}")
    placed = place_texts(model, list(mutations))
    if (placed.statuses != OK).any() or (np.diff(placed.offsets) != 1).any():
        raise ModelFormatError(
            name, f"names a mutation that the model does not have; {AGAIN}"
        )
    cells = placed.columns * model.alphabet.size + placed.letters
    if len(np.unique(cells)) < len(cells):
        raise ModelFormatError(name, f"names a mutation twice; {AGAIN}")
    coefficients = np.zeros(model.fields.shape)
    coefficients[placed.columns, placed.letters] = [
        _number(name, key, value) for key, value in mutations.items()
    ]
    count = int(numbers.pop("n_training"))
    if not 0 <= count < 2**53:
        raise ModelFormatError(name, f"n_training is no count; {AGAIN}")
    try:
        return Augmented(
            coefficients=coefficients,
            n_training=count,
            model_sha256=model_sha256,
            provenance=_provenance(content.get("provenance")),
            **numbers,
        )
    except (ValueError, TypeError) as error:
        raise ModelFormatError(name, f"damaged ({error}); {AGAIN}") from None


def _content(name: str) -> dict[str, Any]:
    try:
        with open(name, "rb") as handle:
            data = handle.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ValueError(f"over {MAX_BYTES} bytes")
        return parsed_object(data, finite=True)
    except FileNotFoundError:
        raise ModelFormatError(name, "no such file") from None
    except OSError as error:
        raise ModelFormatError(name, f"cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelFormatError(
            name, f"is no {FORMAT!r} file ({error}); {AGAIN}"
        ) from None


def _number(name: str, key: str, value: object) -> float:
    # A whole number of a thousand digits is JSON too, and no float.
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:
            pass
    raise ModelFormatError(name, f"{key[:40]} is not a finite number; {AGAIN}")


def _provenance(content: object) -> Provenance:
    if not isinstance(content, dict):
        raise TypeError("no provenance")
    made = Provenance(**content)
    for part in (made.versions, made.settings, made.source):
        if not isinstance(part, dict):
            raise TypeError("provenance is not what it should be")
    return made
