# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first family
#
# The embedded family was sampled from a known Potts model on a known contact map, so
# the fit can be compared with the truth.

# %%
from dataclasses import replace

import numpy as np

from pottsfold.alignment import read_alignment, reweight, summarize
from pottsfold.contacts import coupling_map, ranked_pairs
from pottsfold.datasets import planted_family
from pottsfold.inference import (
    Regularization,
    fit_independent,
    fit_pseudolikelihood,
)
from pottsfold.mutations import scan_table

family = planted_family()
alignment = reweight(read_alignment(family.alignment, focus=family.focus))
print("\n".join([*alignment.history, *summarize(alignment).lines()]))

# %% [markdown]
# ## Fit
#
# The report says how it went: objective after every iteration, and why it stopped.

# %%
fit = fit_pseudolikelihood(alignment)
print(fit.report.n_evaluations, "evaluations;", fit.report.stopped_because)

# %% [markdown]
# ## Which residues touch?

# %%
pairs = ranked_pairs(coupling_map(fit.model), separation=6)
truth = np.load(family.alignment.parent / "truth.npz")
touching = {(int(i) + 1, int(j) + 1) for i, j in truth["contacts"]}
top = pairs.head(24)
found = [(i, j) in touching for i, j in zip(top["i"], top["j"], strict=True)]
print(f"{sum(found)} of the 24 strongest pairs touch")
top.head(10)

# %% [markdown]
# ## Are the mutation effects right?
#
# The effect of a substitution is known too: `log_odds` = E(wild type) - E(mutant)
# under the true model. The fit ranks the 912 substitutions of the focus sequence
# better than conservation alone does. A stronger penalty on couplings than the default
# does better still.

# %%
shape = (48, 48, 21, 21)
couplings = np.zeros(shape, np.float32)
for (i, j), block in zip(truth["contacts"], truth["contact_couplings"], strict=True):
    couplings[i, j], couplings[j, i] = block, block.T
true_model = replace(fit.model, fields=truth["fields"], couplings=couplings)
true_effects = scan_table(true_model)["log_odds"]


def agreement(model):
    return true_effects.corr(scan_table(model)["log_odds"], method="spearman")


stronger = fit_pseudolikelihood(alignment, regularization=Regularization(10, 30))
figures = {
    "without couplings": agreement(fit_independent(alignment).model),
    "by default": agreement(fit.model),
    "lambda_j = 30": agreement(stronger.model),
}
for name, value in figures.items():
    print(f"{name:<18} Spearman {value:.3f}")

# %%
assert sum(found) >= 22
assert figures["lambda_j = 30"] > figures["by default"] > figures["without couplings"]
