"""``pottsfold score`` as a whole: batches, threads, resuming, backgrounds, bad rows."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pottsfold.alphabet import PROTEIN
from pottsfold.commands.main import main
from pottsfold.model import Fit, FitReport, energy, save_fit
from pottsfold.mutations import score_table
from pottsfold.mutations.scoring import COLUMNS
from tests.commands.score.scored_library import BROKEN, FOCUS, family, score


def test_every_broken_row_gets_its_verdict_and_the_summary_counts_them(there, capsys):
    assert score("l.csv", "-o", "o.csv") == 0
    table = pd.read_csv("o.csv", keep_default_na=False)
    assert list(table) == [*COLUMNS, "n"]
    bad, fine = ("unscorable", "bad_notation"), ("ok", "")
    assert list(zip(table["status"], table["reason"], strict=True)) == [
        *[fine] * 3,
        ("unscorable", "wild_type_mismatch"),
        ("unscorable", "gap_or_stop"),
        ("unscorable", "unknown_letter"),
        ("unscorable", "duplicate_position"),
        ("unscorable", "outside_model"),
        *[("partial", "outside_model")] * 2,
        *[fine] * 2,
        ("unscorable", "wild_type_mismatch"),
        *[fine, bad, bad, bad, fine, fine, fine, fine],
    ]
    assert table["mutant"].tolist()[18] == "M10W,K11A"
    assert table["n_mutations"].tolist()[8:10] == ["2", "3"]
    assert (table["log_odds"].eq("") == table["status"].eq("unscorable")).all()
    said = capsys.readouterr().err.splitlines()[1:]
    assert said[0] == "21 mutants: 10 ok, 2 partial, 9 unscorable"
    assert "3 unscorable: bad_notation; the first is number 15" in said[1]
    assert any("lacks: 3, most often 99 (2 times), " in line for line in said)
    assert "6 repeat an earlier mutant" in said
    assert said[-1] == "wrote o.csv"
    assert not Path("o.csv.parts").exists()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(8, 300),
    threads=st.integers(1, 3),
    ending=st.sampled_from(["csv", "tsv", "csv.gz", "parquet"]),
)
def test_the_result_does_not_depend_on_batches_and_threads(
    size, threads, ending, there, in_blocks_of
):
    library = pd.read_csv("l.csv", keep_default_na=False).assign(
        note='a "b",\tc', number=np.arange(len(BROKEN)) / 3
    )
    library.to_csv("long.csv", index=False)
    library.to_parquet("long.parquet")
    for source in ("long.csv", "long.parquet"):
        in_blocks_of(1 << 20)
        assert score(source, "-o", f"whole.{ending}", "--threads", 1) == 0
        in_blocks_of(size)
        assert score(source, "-o", f"parts.{ending}", "--threads", threads) == 0
        if ending == "parquet":
            whole, parts = (pd.read_parquet(f"{n}.parquet") for n in ("whole", "parts"))
            pd.testing.assert_frame_equal(whole, parts)
        elif ending == "csv.gz":
            whole, parts = (
                gzip.decompress(Path(f"{n}.csv.gz").read_bytes())
                for n in ("whole", "parts")
            )
            assert whole == parts
        else:
            paths = [Path(f"{name}.{ending}") for name in ("whole", "parts")]
            assert paths[0].read_bytes() == paths[1].read_bytes()


def test_standard_output_has_the_rows_of_a_file(there, in_blocks_of, capsys):
    in_blocks_of(20)
    assert score("l.csv", "-o", "o.csv") == 0
    capsys.readouterr()
    assert score("l.csv", "-o", "-", "--threads", 2) == 0
    assert capsys.readouterr().out == Path("o.csv").read_text()


def test_the_table_is_that_of_the_library_function(there):
    assert score("l.csv", "-o", "o.parquet") == 0
    table = pd.read_parquet("o.parquet")
    library = pd.read_csv("l.csv", keep_default_na=False)
    expected = score_table(family(), library).astype({"n_mutations": float})
    pd.testing.assert_frame_equal(
        table, expected, check_dtype=False, rtol=0, atol=0, check_index_type=False
    )


@pytest.mark.parametrize("content", ["mutant\nM10W\nM10W,1\n", "mutant\n"])
def test_a_library_that_cannot_be_read_leaves_nothing_behind(there, content, capsys):
    Path("bad.csv").write_text(content)
    before = sorted(there.iterdir())
    assert score("bad.csv", "-o", "o.csv") == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("pottsfold: bad.csv: ")
    assert sorted(there.iterdir()) == before


def test_a_parquet_cut_off_is_named(there, capsys):
    rows = pd.DataFrame({"mutant": ["M10W"] * 5000, "x": np.arange(5000) / 7})
    rows.to_parquet("a.parquet")
    data = Path("a.parquet").read_bytes()
    Path("a.parquet").write_bytes(data[:-100])
    assert score("a.parquet", "-o", "o.csv") == 2
    assert "a.parquet: damaged Parquet (" in capsys.readouterr().err
    damaged = bytearray(data)
    damaged[200:3000] = bytes(2800)
    Path("a.parquet").write_bytes(damaged)
    assert score("a.parquet", "-o", "o.csv") in (0, 2)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("frame", "words", "taken"),
    [
        ({"mutant": ["M10W"], "mutated_sequence": [FOCUS]}, [], None),
        ({"segment": ["A_1"], "mutants": ["M10W"]}, [], "mutants"),
        ({"hgvs_nt": ["c.1A>T"], "hgvs_pro": ["p.Met10Trp"]}, [], "hgvs_pro"),
        (
            {"mutated_sequence": ["W" + FOCUS[1:]], "DMS_score": [1]},
            [],
            "mutated_sequence",
        ),
        ({"change": ["M10W"], "mutant": ["x"]}, ["--column", "change"], None),
        ({"full_seq": ["W" + FOCUS[1:]]}, ["--column", "full_seq"], None),
    ],
)
def test_the_column_is_chosen_and_said(there, ending, frame, words, taken, capsys):
    frame = pd.DataFrame(frame)
    getattr(frame, f"to_{ending}")(f"a.{ending}", index=False)
    assert score(f"a.{ending}", "-o", "o.csv", *words) == 0
    table = pd.read_csv("o.csv")
    assert table["status"].tolist() == ["ok"]
    assert table["n_mutations"].tolist() == [1] if "mutant" not in frame or words else 1
    said = capsys.readouterr().err
    assert (f"column {taken} is scored" in said) == (taken is not None)


def test_an_absent_column_is_told_with_those_there_are(there, capsys):
    assert score("l.csv", "-o", "o.csv", "--column", "mutants") == 2
    said = capsys.readouterr().err
    assert "l.csv: no column mutants among mutant, n; nearest: mutant" in said


def test_full_length_proteins_are_read_by_residue_number(there, capsys):
    positions = [*range(10, 18), *range(20, 28)]
    model = family(positions=positions)
    save_fit("m.potts", Fit(model, FitReport("independent")))
    full = FOCUS[:8] + "GG" + FOCUS[8:]
    Path("a.fa").write_text(f">wt\n{full}\n>s\n{full[:-1]}W\n>a\n{FOCUS}\n>x\nMK\n")
    assert score("a.fa", "-o", "o.csv") == 0
    table = pd.read_csv("o.csv")
    assert table["mutant"].tolist()[:3] == ["WT", "K27W", "WT"]
    assert table["reason"].tolist()[3] == "bad_notation"
    said = capsys.readouterr().err
    assert "2 letters for a model of 16 sites (18 residues, 10 to 27)" in said


def test_numbers_are_shifted_when_asked_and_only_then(there, capsys):
    rows = [f"{letter}{110 + k}W" for k, letter in enumerate(FOCUS)]
    Path("far.csv").write_text("mutant\n" + "\n".join(rows))
    assert score("far.csv", "-o", "o.csv") == 2
    said = capsys.readouterr().err
    assert "nothing was shifted: score with --shift -100" in said
    assert pd.read_csv("o.csv")["status"].eq("unscorable").all()
    assert score("far.csv", "-o", "o.csv", "--shift", -100) == 0
    table = pd.read_csv("o.csv")
    assert table["status"].eq("ok").all()
    near = score_table(
        family(),
        pd.DataFrame({"mutant": [f"{r[0]}{int(r[1:-1]) - 100}W" for r in rows]}),
    )
    np.testing.assert_allclose(table["log_odds"], near["log_odds"], atol=1e-6)
    capsys.readouterr()
    assert score("far.csv", "-o", "o.csv", "--shift", 7) == 2
    assert "--shift 7 is not the one" in (said := capsys.readouterr().err)
    assert "agree with the model's; score with --shift -100" in said
    near = [f"{letter}{10 + k}W" for k, letter in enumerate(FOCUS)]
    Path("near.csv").write_text("mutant\n" + "\n".join(near))
    assert score("near.csv", "-o", "o.csv", "--shift", 7) == 2
    assert "agree with the model's; leave it out" in capsys.readouterr().err
    assert score("near.csv", "-o", "o.csv", "--shift", 10**30) == 2
    Path("a.fa").write_text(f">wt\n{FOCUS}\n")
    assert score("a.fa", "-o", "o.csv", "--shift", 1) == 2
    assert "whole sequences, which have no numbers" in capsys.readouterr().err


@pytest.mark.parametrize("in_file", [False, True])
def test_effects_in_a_background_are_energy_differences_from_it(there, in_file, capsys):
    model = family()
    other = model.focus.copy()
    other[[0, 3]] = PROTEIN.encode("W-")
    background = "M10W:A13-"
    if in_file:
        background = "b.fa"
        Path("b.fa").write_text(f">b one\n{PROTEIN.decode(other)}\n")
    Path("b.csv").write_text("mutant\nW10M\nW10D:K11A:-13G\nM10D\nK11-\n")
    words = ("--background", background)
    assert score("b.csv", "-o", "o.parquet", *words) == 0
    table = pd.read_parquet("o.parquet")
    assert table["status"].tolist() == ["ok", "ok", "unscorable", "ok"]
    rows = np.tile(other, (3, 1))
    rows[0, 0] = model.focus[0]
    rows[1, [0, 1, 3]] = PROTEIN.encode("DAG")
    rows[2, 1] = 0
    expected = energy(model, other) - energy(model, rows)
    np.testing.assert_allclose(table["log_odds"][[0, 1, 3]], expected, atol=1e-5)
    assert main(["scan", "m.potts", "-o", "s.parquet", *words]) == 0
    scan = pd.read_parquet("s.parquet").set_index("mutant")
    assert scan.loc["W10M", "log_odds"] == table["log_odds"][0]
    assert capsys.readouterr().err.count("the wild type is") == 2


@pytest.mark.parametrize(
    ("background", "complaint"),
    [
        ("A10W", "position 10 of the focus sequence is M; or name a FASTA file"),
        ("absent.fa", "cannot be read; write it like A23T or A23T:G56D; or name a"),
        ("two.fa", "FASTA of one sequence is needed; it holds 2 rows"),
        ("short.fa", "3 letters for a model of 16 sites"),
    ],
)
def test_a_background_that_is_none_is_refused(there, background, complaint, capsys):
    Path("two.fa").write_text(f">a\n{FOCUS}\n>b\n{FOCUS}\n")
    Path("short.fa").write_text(">a\nMKT\n")
    assert score("l.csv", "-o", "o.csv", "--background", background) == 2
    message = capsys.readouterr().err
    assert complaint in message
    assert message.count("\n") == 1


def test_columns_without_a_text_are_refused_where_text_is_written(there, capsys):
    frame = pd.DataFrame({"mutant": ["M10W"], "list": [[1, 2]]})
    frame.to_parquet("a.parquet")
    for output in ("o.csv", "-"):
        assert score("a.parquet", "-o", output) == 2
        assert "column list of the library holds list<" in capsys.readouterr().err
    assert not Path("o.csv").exists()
    assert not Path("o.csv.parts").exists()
    assert score("a.parquet", "-o", "o.parquet") == 0


def test_a_library_is_not_written_over(there, capsys):
    before = Path("l.csv").read_bytes()
    assert score("l.csv", "-o", "./l.csv") == 2
    assert "./l.csv: is read as well" in capsys.readouterr().err
    assert Path("l.csv").read_bytes() == before


def test_empty_columns_without_a_name_are_left_out(there, capsys):
    Path("a.csv").write_text("mutant,,n,\nM10W,,1,\n")
    assert score("a.csv", "-o", "o.csv") == 0
    assert list(pd.read_csv("o.csv")) == [*COLUMNS, "n"]
    said = capsys.readouterr().err
    assert "2 empty columns without a name are left out" in said
    Path("a.csv").write_text("# c\nmutant,,n,\nM10W,,1,\nM10A,,2,x\n")
    assert score("a.csv", "-o", "p.csv") == 2
    said = capsys.readouterr().err
    assert "cell 4 of row 2 from line 3 on is not empty; name its column" in said
    assert not Path("p.csv").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_full_standard_output_is_told(there):
    words = ["score", "m.potts", "l.csv", "-o", "-"]
    program = "import sys; from pottsfold.commands.main import main;"
    program += "sys.exit(main(sys.argv[1:]))"
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-c", program, *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert "standard output cannot be written" in run.stderr


def test_a_column_of_numbers_is_no_column_of_mutants(there, capsys):
    pd.DataFrame({"mutant": [1, 2], "n": [3, 4]}).to_parquet("n.parquet")
    assert score("n.parquet", "-o", "o.csv") == 2
    assert "holds int64, not texts" in capsys.readouterr().err
    assert not Path("o.csv").exists()


def test_a_library_of_which_little_can_be_scored_is_told_loudly(there, capsys):
    Path("none.csv").write_text("mutant\nW10A\nx\n")
    for output in ("o.csv", "-"):
        assert score("none.csv", "-o", output) == 2
        out, err = capsys.readouterr()
        assert err.splitlines()[-1].startswith(
            "pottsfold: none.csv: NONE of its 2 mutants can be scored; the column"
        )
    assert out == Path("o.csv").read_text()
    assert score("none.csv", "-o", "o.csv", "--allow-unscorable") == 0
    assert capsys.readouterr().err.splitlines()[-1] == (
        "WARNING: 2 of 2 mutants cannot be scored; the column reason says why"
    )
    Path("most.csv").write_text("mutant\nW10A\nx\nM10A\n")
    assert score("most.csv", "-o", "o.csv") == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("WARNING: 2 of 3 mutan")
    Path("half.csv").write_text("mutant\nW10A\nx\nM10A\nM10A:A99C\n")
    assert score("half.csv", "-o", "o.csv") == 0
    assert capsys.readouterr().err.splitlines()[-1] == "wrote o.csv"


def test_formulas_are_copied_as_they_stand_unless_asked(there, in_blocks_of, capsys):
    cells = ["=1+1", "x", "-1.5", "@y", "-13G", "+z,z"]
    text = "mutant,note\n" + "".join(f'M10W,"{cell}"\n' for cell in cells)
    Path("a.csv").write_text(text + "=2+2,\n")
    for size in (20, 1 << 20):
        in_blocks_of(size)
        assert score("a.csv", "-o", "o.csv") == 0
        assert "4 copied cells begin like a spreadsheet formula; --escape" in (
            capsys.readouterr().err
        )
        table = pd.read_csv("o.csv", keep_default_na=False)
        assert table["note"].tolist() == [*cells, ""]
        assert table["mutant"].tolist()[-1] == "=2+2"
        assert score("a.csv", "-o", "e.tsv", "--escape-formulas") == 0
        assert "an apostrophe was put before 4 cells" in capsys.readouterr().err
        table = pd.read_csv("e.tsv", sep="\t", keep_default_na=False)
        assert table["note"].tolist() == [
            *("'=1+1", "x", "-1.5", "'@y", "-13G", "'+z,z", "")
        ]
        assert table["mutant"].tolist()[-2:] == ["M10W", "'=2+2"]
        assert score("a.csv", "-o", "-", "--escape-formulas") == 0
        assert '"\'+z,z"' in capsys.readouterr().out
    assert score("a.csv", "-o", "o.parquet") == 0
    assert "formula" not in capsys.readouterr().err
    assert score("a.csv", "-o", "o.parquet", "--escape-formulas") == 2
    assert "--escape-formulas: only text holds" in capsys.readouterr().err


def test_copied_columns_that_other_runs_compute_keep_their_cells(there):
    Path("a.csv").write_text("mutant,predicted,buried_log_odds\nM10W,yes,0.123456789\n")
    assert score("a.csv", "-o", "o.csv") == 0
    assert Path("o.csv").read_text().splitlines()[1].endswith(",yes,0.123456789")


def test_a_library_of_two_chains_is_refused_and_of_one_told(there, capsys):
    Path("one.csv").write_text("mutant;x\nMA10W;1\nKA11A,TA12C;2\nM10W;3\n")
    assert score("one.csv", "-o", "o.csv") == 0
    assert "2 mutants name chain A, taken for the model's own" in (
        capsys.readouterr().err
    )
    expected = score_table(
        family(), pd.DataFrame({"mutant": ["M10W", "K11A:T12C", "M10W"]})
    )
    table = pd.read_csv("o.csv")
    np.testing.assert_allclose(table["log_odds"], expected["log_odds"], atol=1e-6)
    assert table["mutant"].tolist() == ["MA10W", "KA11A,TA12C", "M10W"]
    Path("two.csv").write_text("mutant\nMA10W;\nGeneX:p.Met10Trp\n")
    assert score("two.csv", "-o", "p.csv") == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "name chain A (1 mutants), target GeneX (1 mutants), and a model" in said
    assert not Path("p.csv").exists()
    assert not Path("p.csv.parts").exists()


def test_sequences_around_the_sites_are_told(there, capsys):
    Path("a.fa").write_text(f">a\n{FOCUS}\n>b\nGS{FOCUS}LE\n>c\n{FOCUS}*\n")
    assert score("a.fa", "-o", "o.csv") == 0
    assert pd.read_csv("o.csv")["mutant"].tolist() == ["WT"] * 3
    said = capsys.readouterr().err
    assert "1 sequences are longer than the model, and only the stretch that" in said
    assert "; the first is number 2: letters 3 to 18" in said
    assert "1 sequences end in *, taken for the end of the reading frame; the" in said


def test_a_column_like_the_one_meant_is_taken(there, capsys):
    Path("a.csv").write_text("id;Mutant \n1;M10W\n")
    assert score("a.csv", "-o", "o.csv") == 0
    assert "column Mutant  is scored; --column" in capsys.readouterr().err
    assert pd.read_csv("o.csv")[["mutant", "status", "id"]].values.tolist() == [
        ["M10W", "ok", 1]
    ]
    assert score("a.csv", "-o", "o.csv", "--column", "mutant") == 0
