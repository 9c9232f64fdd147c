"""Model files of other programs, read and written.

One module a format, described by a :class:`Foreign` and listed in ``FORMATS``. Files
are recognised by their content. Every reader checks the sizes that a file promises
against its own size before it sets memory aside, and refuses numbers that are not
finite. What a file of another program cannot hold is told by :func:`losses`.

=================  ============================  ======  =============================
format             letters                       sign    beside the parameters
=================  ============================  ======  =============================
plmc .model        named; no gap when missing    ours    focus, numbers, f_i, Neff
CCMpred            ARND...YV-, no gap field      ours    nothing
adabmDCA, bmDCA    named, or numbered            ours    nothing
GREMLIN .mrf       ARND...YV-, AUCG-, 01-        ours    columns of the alignment
Mi3 .npy           in our order                  turned  nothing; fields in couplings
=================  ============================  ======  =============================
"""

from pottsfold.model.formats.foreign import Foreign
from pottsfold.model.formats.registry import (
    COMPRESSED,
    FORMATS,
    foreign_named,
    foreign_of_ending,
    losses,
    read_foreign,
    write_foreign,
)

__all__ = [
    "COMPRESSED",
    "FORMATS",
    "Foreign",
    "foreign_named",
    "foreign_of_ending",
    "losses",
    "read_foreign",
    "write_foreign",
]
