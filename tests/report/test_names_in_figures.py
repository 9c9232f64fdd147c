"""Names from files in figures: formulas, line ends, letters no font has."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from pottsfold.alphabet import Alphabet
from pottsfold.contacts import coupling_map
from pottsfold.contacts.chain_map import SiteResidues
from pottsfold.mutations import scan_table
from pottsfold.report.contact_arcs import contact_arcs_figure
from pottsfold.report.contact_map import contact_map_figure
from pottsfold.report.coupling_heatmaps import coupling_heatmaps_figure
from pottsfold.report.figures import ENDINGS, MAX_LINE, save_figure
from pottsfold.report.mutation_heatmap import mutation_heatmap_figure
from pottsfold.report.precision_figure import precision_figure
from tests.report.test_contact_map import made
from tests.strategies import random_model

NAMES = {
    "formula": "weird_$name^{",
    "two dollars": r"$\frac{1}$ $\undefined{$",
    "line end": "a\nb\r\nc\u2028d",
    "control": "a\x00b\x1b[2Jc\x07\x85",
    "markup": "]]><script>alert(1)</script><!-- -- -->&amp;\"'",
    "unknown letters": "\u86cb\u767d\u8cea \U0001f600 \u05d0\u202e",
    "undecodable": "a\udc80b",
    "huge": "x" * 20_000,
}


def figures_of(name: str) -> dict:
    """Return figures with a name wherever a title has one."""
    coupling, chain = made(name=name)
    n = len(chain.residues)
    residues = SiteResidues(name, "A" * n, ("1",) * n, ("CA",) * n)
    chain = replace(chain, path=f"/x/{name}", chain=name, chains=(residues,))
    model = random_model(1, coupling.length)
    model = replace(model, numbering=coupling.numbering)
    coupling_of_model = replace(coupling_map(model), name=name)
    return {
        "map": contact_map_figure(coupling, chain),
        "arcs": contact_arcs_figure(coupling, chain),
        "precision": precision_figure(coupling, chain),
        "couplings": coupling_heatmaps_figure(model, coupling_of_model),
        "scan": mutation_heatmap_figure(scan_table(model), model.alphabet, name),
    }


@pytest.mark.parametrize("name", ["two dollars", "markup"])
def test_any_name_can_be_in_a_title(tmp_path, name):
    for figure_name, figure in figures_of(NAMES[name]).items():
        path = tmp_path / f"{figure_name}.svg"
        save_figure(path, figure)
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.parse(path).iter()}
        assert "script" not in tags
        for text in figure.findobj(lambda artist: hasattr(artist, "get_text")):
            lines = text.get_text().split("\n")
            assert all(line.isprintable() for line in lines)
            assert max(map(len, lines)) <= MAX_LINE


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_file_takes_any_name(tmp_path, name, ending):
    coupling, _ = made(name=NAMES[name])
    path = tmp_path / f"map{ending}"
    save_figure(path, contact_map_figure(coupling))
    assert path.stat().st_size > 1000
    if ending == ".svg":
        ElementTree.parse(path)


def test_letters_of_an_alphabet_are_no_formula(tmp_path):
    alphabet = Alphabet("-$_^\\{}")
    model = random_model(3, 12, alphabet)
    coupling = coupling_map(model)
    save_figure(tmp_path / "a.svg", coupling_heatmaps_figure(model, coupling))
    save_figure(tmp_path / "b.png", contact_arcs_figure(coupling))
    assert np.isfinite(coupling.scores).all()
