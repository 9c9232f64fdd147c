"""Predicted models told from experiments."""

from __future__ import annotations

import pytest

from pottsfold.contacts import read_structure
from pottsfold.contacts.structure.confidence import residue_confidence, says_predicted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data_AF\n_ma_qa_metric.name pLDDT\n", True),
        ("data_X\n_ma_qa_metric.name QMEANDisCo\n", False),
        ("data_1ABC\n_exptl.method 'X-RAY DIFFRACTION'\n_x.y AlphaFold\n", False),
        ("data_1ABC\n_refine.pdbx_method_to_determine_struct ALPHAFOLD\n", False),
        ("data_X\n_struct.title 'ESMFold prediction'\n", True),
        ("data_X\n_atom_site.id 1\n", None),
    ],
)
def test_mmcif_says_what_it_is(text, expected):
    assert says_predicted(text, "mmCIF") is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EXPDTA    PREDICTION MODEL, ALPHAFOLD2, 2023\n", True),
        ("TITLE     ESMFOLD V1 PREDICTION FOR INPUT\n", True),
        ("REMARK   1 COLABFOLD\nCRYST1    1.000    1.000    1.000\n", True),
        ("EXPDTA    SOLUTION NMR\nREMARK   3 ALPHAFOLD\n", False),
        ("REMARK   3 ALPHAFOLD\nCRYST1   57.570   55.482   66.129\n", False),
        ("HEADER    HYDROLASE\n", None),
        ("ATOM      1  N   GLN A   1\nREMARK ALPHAFOLD\n", None),
    ],
)
def test_pdb_says_what_it_is(text, expected):
    assert says_predicted(text, "PDB") is expected


def test_real_experiments_have_no_confidence_and_predictions_do(shared_data):
    families = sorted((shared_data / "families").rglob("*.pdb"))
    predictions = sorted((shared_data / "stability_structures").glob("*.pdb.gz"))
    for path in [*families, *predictions]:
        structure = read_structure(path)
        for said in {structure.predicted, None}:
            found = residue_confidence(structure.chains, said)
            assert (found is not None) == (path in predictions), path
