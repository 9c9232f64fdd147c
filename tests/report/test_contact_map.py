"""The figure: what stands where, and that it is written whole."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from pottsfold.alignment import Numbering
from pottsfold.contacts import ChainMap, CouplingMap
from pottsfold.errors import OutputError, UsageError
from pottsfold.report.contact_map import contact_map_figure
from pottsfold.report.figures import save_figure

LENGTH = 30


def made(name: str = "FOCUS") -> tuple[CouplingMap, ChainMap]:
    rng = np.random.default_rng(4)
    upper = np.triu(rng.random((LENGTH, LENGTH)), 1)
    scores = upper + upper.T
    distances = 14 * (1 - scores) + 2
    distances[::5, 20:] = distances[20:, ::5] = 11.0
    distances[7] = distances[:, 7] = np.nan
    positions = np.r_[101:116, 120:135]
    coupling = CouplingMap(scores, scores, Numbering(positions), "A" * LENGTH, name)
    residues = tuple(None if k == 7 else f"ALA{k}" for k in range(LENGTH))
    return coupling, ChainMap("/some/where/1abc.cif", "B", 0.9, residues, distances)


def legend_of(figure: Figure) -> dict[str, object]:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
@pytest.mark.parametrize("judged", [True, False])
def test_ending_chooses_the_format(tmp_path, ending, start, judged):
    coupling, chain = made()
    path = tmp_path / f"map.{ending}"
    save_figure(path, contact_map_figure(coupling, chain if judged else None))
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_other_ending_or_missing_folder_is_refused(tmp_path):
    coupling, _ = made()
    for name in ("map.jpg", "map"):
        with pytest.raises(UsageError, match=r"name in \.png, \.pdf or \.svg"):
            save_figure(tmp_path / name, contact_map_figure(coupling))
    with pytest.raises(OutputError, match="does not exist"):
        save_figure(tmp_path / "none" / "map.png", contact_map_figure(coupling))


def test_predictions_stand_above_the_diagonal_in_residue_numbers():
    coupling, chain = made()
    figure = contact_map_figure(coupling, chain)
    drawn = {
        label: handle.get_offsets()
        for label, handle in legend_of(figure).items()
        if label.startswith("above")
    }
    known = 0
    for label, places in drawn.items():
        assert f"({len(places)})" in label
        assert (places[:, 0] - places[:, 1] >= 6).all()
        assert set(places.ravel()) <= set(coupling.numbering.positions.tolist())
        known += 0 if "no residue" in label else len(places)
    assert known == LENGTH - 1
    bottom, top = figure.axes[0].get_ylim()
    assert bottom > top


def test_hits_and_misses_differ_in_shape_and_colour():
    figure = contact_map_figure(*made())
    looks = [
        (len(handle.get_paths()[0].vertices), to_hex(handle.get_edgecolor()[0]))
        for label, handle in legend_of(figure).items()
        if label.startswith("above")
    ]
    assert len(looks) == 3
    assert len({shape for shape, _ in looks}) == 3
    assert len({colour for _, colour in looks}) == 3


def test_contacts_of_the_structure_stand_below_the_diagonal():
    coupling, chain = made()
    (mesh,) = (
        each
        for each in contact_map_figure(coupling, chain).axes[0].collections
        if each.get_rasterized()
    )
    cells = np.ma.getmaskarray(mesh.get_array())
    # Numbers 116 to 119 have no site: one empty cell between the halves.
    assert cells.shape == (LENGTH + 1, LENGTH + 1)
    below = np.tril(chain.distances < 8, -1)
    assert (~cells).sum() == below.sum()
    assert not (~np.triu(cells)[np.triu_indices(LENGTH + 1)]).any()


def test_title_tells_the_precision_and_takes_any_name():
    coupling, chain = made(name="weird_$name^{")
    figure = contact_map_figure(coupling, chain)
    figure.draw_without_rendering()
    title = figure.axes[0].get_title()
    assert title.startswith("weird_$name^{ on 1abc.cif, chain B\n")
    assert re.search(r"precision L/5 \d\.\d\d, L/2 \d\.\d\d, L \d\.\d\d", title)
    assert "L = 29" in title


def test_map_of_two_sites_or_without_any_score_can_be_drawn():
    nothing = np.zeros((2, 2))
    small = CouplingMap(nothing, nothing, Numbering.sequential(2), "AC")
    contact_map_figure(small).draw_without_rendering()
    chain = ChainMap("x.pdb", " ", 1.0, ("ALA1", "CYS2"), nothing)
    contact_map_figure(small, chain).draw_without_rendering()


def test_contacts_between_chains_have_a_look_of_their_own():
    coupling, chain = made()
    within = np.full_like(chain.distances, 30.0)
    within[:15, :15] = chain.distances[:15, :15]
    within[np.isnan(chain.distances)] = np.nan
    both = ChainMap(
        *(chain.path, chain.chain, chain.identity, chain.residues, chain.distances),
        distances_intra=within,
        distances_inter=chain.distances,
    )
    drawn = legend_of(contact_map_figure(coupling, both, 20))
    between = [label for label in drawn if "between chains" in label]
    assert [label.partition(":")[0] for label in sorted(between)] == ["above", "below"]
    counts = [
        int(re.search(r"\((\d+)\)", label)[1])
        for label in drawn
        if label.startswith("above") and "residue" not in label
    ]
    assert sum(counts) == 20
