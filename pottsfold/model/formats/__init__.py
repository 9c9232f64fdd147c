"""Model files of other programs, read and written.

One module a format, described by a :class:`ModelFormat` and listed in
``MODEL_FORMATS``. Files are recognised by their content. Every reader checks the sizes
that a file states against its own size before it allocates memory, and refuses
numbers that are not finite. :func:`losses` lists what a format cannot hold.

=================  ============================  ======  =============================
format             letters                       sign    beside the parameters
=================  ============================  ======  =============================
plmc .model        named; no gap when missing    ours    focus, numbers, f_i, Neff
CCMpred            ARND...YV-, no gap field      ours    nothing
adabmDCA, bmDCA    named, or numbered            ours    nothing
GREMLIN .mrf       ARND...YV-, AUCG-, 01-        ours    columns of the alignment
Mi3 .npy           in our order                  turned  nothing; fields in couplings
StructureDCA .npz  AC...WY-                      ours    focus, Neff, pairs of contacts
PottsMPNN .npz     AC...WY                       turned  focus; only read
caliby .npz        ARND...YV                     turned  nothing; only read
dense .npy         in our order                  ours    nothing; only read
MPNN biases        AC...WY, or names             ours    log p; only written
=================  ============================  ======  =============================
"""

from pottsfold.model.formats.bias import for_chain
from pottsfold.model.formats.model_format import ModelFormat
from pottsfold.model.formats.registry import (
    COMPRESSED,
    MODEL_FORMATS,
    READ_FORMATS,
    WRITTEN_FORMATS,
    foreign_named,
    foreign_of_ending,
    losses,
    read_foreign,
    write_foreign,
)

__all__ = [
    "COMPRESSED",
    "MODEL_FORMATS",
    "READ_FORMATS",
    "WRITTEN_FORMATS",
    "ModelFormat",
    "for_chain",
    "foreign_named",
    "foreign_of_ending",
    "losses",
    "read_foreign",
    "write_foreign",
]
