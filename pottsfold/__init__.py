"""The energy landscape of a protein family, learned from its alignment.

A pairwise Potts model gives every sequence x of length L an energy

    E(x) = - sum_i h_i(x_i) - sum_{i<j} J_ij(x_i, x_j),   P(x) = exp(-E(x)) / Z,

in nats; low energy is probable. Data flow one way::

    file -> Alignment -> Fit(model, report) -> contacts | mutations -> tables, figures

Import the rooms, for instance ``from pottsfold.alignment import read_alignment``.
"""

__version__ = "0.1.0"
