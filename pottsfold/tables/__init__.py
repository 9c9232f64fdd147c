"""Tables as files: csv, tsv or Parquet by the ending, ``-`` for standard output.

Short tables are written at once (:func:`write_table`). Long ones are written part by
part, each part by whichever thread made it (:class:`TableParts` and an encoder from
:func:`encoder_for`), and a killed run goes on with the parts it left.
"""

from pottsfold.tables.encoders import Encoder, ParquetEncoder, TextEncoder
from pottsfold.tables.parts import TableParts
from pottsfold.tables.writing import check_table_path, encoder_for, write_table

__all__ = [
    "Encoder",
    "ParquetEncoder",
    "TableParts",
    "TextEncoder",
    "check_table_path",
    "encoder_for",
    "write_table",
]
