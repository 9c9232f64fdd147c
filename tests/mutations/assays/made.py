"""Measured libraries made from a model whose truth is known."""

import itertools

import numpy as np
import pandas as pd

from pottsfold.mutations import (
    Substitution,
    mutant_effects,
    place_library,
    scan_table,
    write_mutant,
)
from tests.strategies import random_model


def small_model(length=12, first=10):
    return random_model(0, length, gaps="missing", first=first, scale=0.3)


def singles(model):
    return scan_table(model)["mutant"].tolist()


def doubles(model, n, seed=0):
    """Random pairs of single substitutions at two sites, all different."""
    rng = np.random.default_rng(seed)
    table = scan_table(model)
    names, positions = table["mutant"].tolist(), table["position"].tolist()
    found = {}
    while len(found) < n:
        first, second = rng.choice(len(names), 2).tolist()
        if positions[first] < positions[second]:
            found[f"{names[first]}:{names[second]}"] = None
    return list(found)


def library(model, mutants, *, noise=0.0, seed=0, curve=lambda x: x):
    """A library whose scores are the model's log-odds bent by a curve, and noise."""
    table = pd.DataFrame({"mutant": mutants})
    log_odds = mutant_effects(model, place_library(model, table)).log_odds
    error = np.random.default_rng(seed).normal(0, noise, len(mutants))
    return table.assign(score=curve(log_odds) + error)


def triples(model, n):
    table = scan_table(model).drop_duplicates("position")
    parts = [
        Substitution(row.wild_type, row.position, row.substitution)
        for row in table.itertuples()
    ]
    chosen = itertools.islice(itertools.combinations(parts, 3), n)
    return [write_mutant(parts) for parts in chosen]
