"""Reading of model files, native and foreign ones, by their content."""

from __future__ import annotations

from pathlib import Path

from pottsfold.model.fit import Fit
from pottsfold.model.formats import read_foreign
from pottsfold.model.header import ModelHeader
from pottsfold.model.storage import is_native, load_native, read_native_header


def load_fit(path: str | Path) -> Fit:
    """Read a model file of this program or another; its name does not matter.

    Parameters
    ----------
    path : str or Path
        A ``.potts`` file, or one of another program
        (:mod:`pottsfold.model.formats`), these also compressed.

    Returns
    -------
    Fit
        A foreign one's report says ``read from ...``, and how it was understood.

    Raises
    ------
    ModelFormatError
        If it is no model file, or is damaged.
    MemoryShort
        If a native one does not fit in memory.
    """
    if not is_native(path):
        return read_foreign(path)
    return load_native(path)


def read_header(path: str | Path) -> ModelHeader:
    """Read what a model file says of itself.

    Of a native file the header alone is read; the files of other programs have none
    worth the name, so they are read whole.

    Raises
    ------
    ModelFormatError
        If it is no model file, or is damaged.
    """
    if is_native(path):
        return read_native_header(path)
    fit = read_foreign(path)
    model = fit.model
    return ModelHeader(
        path=str(path),
        length=model.length,
        alphabet=model.alphabet,
        gaps=model.gaps,
        gauge=model.gauge,
        focus_name=model.focus_name,
        neff=model.neff,
        report=fit.report,
        hashes={"file": fit.report.provenance.source["sha256"]},
    )
