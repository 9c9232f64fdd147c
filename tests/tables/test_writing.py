"""Tables as files: the ending decides, small numbers keep their digits."""

import pandas as pd
import pytest

from pottsfold.errors import UsageError
from pottsfold.tables.writing import encoder_for, write_table

FRAME = pd.DataFrame(
    {"x": [1.23456789, 1e-7], "f": [0.0000123456789, 0.25], "n": [1, 2]}
)


def test_small_numbers_keep_their_digits_where_asked_and_have_no_exponent(tmp_path):
    write_table(FRAME, str(tmp_path / "a.csv"), significant=("f",))
    assert (tmp_path / "a.csv").read_text() == (
        "x,f,n\n1.234568,0.0000123457,1\n0.000000,0.25,2\n"
    )
    write_table(FRAME, str(tmp_path / "a.parquet"), significant=("f",))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), FRAME)


def test_missing_numbers_are_empty_cells(tmp_path, capsys):
    write_table(FRAME.assign(f=[None, 0.5]), "-", significant=("f",))
    assert capsys.readouterr().out == "x,f,n\n1.234568,,1\n0.000000,0.5,2\n"


def test_an_ending_that_is_none_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"end it in \.csv"):
        write_table(FRAME, str(tmp_path / "a.xlsx"))


@pytest.mark.parametrize(
    ("path", "ending"),
    [("a.csv", "rows"), ("a.tsv.gz", "rows"), ("-", "rows"), ("a.parquet", "arrow")],
)
def test_long_tables_have_an_encoder_for_each_ending(path, ending):
    assert encoder_for(path, ()).ending == ending
