"""Structure files in any packing and encoding, and files that are none."""

from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from pottsfold.contacts.structure import content, read_chains
from pottsfold.errors import StructureError
from tests.alignment.writers import zstd
from tests.contacts.made_structures import chain_atoms, mmcif_text, pdb_text

SEQUENCE = "MKVLATGDER"
TEXTS = {
    "pdb": pdb_text(chain_atoms(SEQUENCE)),
    "cif": mmcif_text(chain_atoms(SEQUENCE)),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd]
)
@pytest.mark.parametrize("name", ["x.pdb", "x.cif", "x.gz", "pdb1abc.ent", "nothing"])
def test_packing_and_format_go_by_content(tmp_path, kind, pack, name):
    path = tmp_path / name
    path.write_bytes(pack(TEXTS[kind].encode()))
    (chain,) = read_chains(path)
    assert chain.letters == SEQUENCE


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-32"),
        lambda text: b"\0\0\xfe\xff" + text.encode("utf-32-be"),
        lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: b"\n\n" + text.encode(),
        lambda text: gzip.compress(b"\xef\xbb\xbf" + text.encode()),
    ],
)
def test_encodings_and_line_ends(tmp_path, kind, encode):
    path = tmp_path / "made"
    path.write_bytes(encode(TEXTS[kind]))
    (chain,) = read_chains(path)
    assert chain.letters == SEQUENCE
    assert chain.coordinates[0].tolist() == [[0.0, 0.0, 0.0]]


def test_line_ends_of_old_macs_and_remarks_in_other_encodings(tmp_path):
    path = tmp_path / "made.pdb"
    path.write_bytes(
        b"REMARK \xc5ngstr\xf6m\r" + TEXTS["pdb"].replace("\n", "\r").encode()
    )
    assert read_chains(path)[0].letters == SEQUENCE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x83\xa7encoder\xa5Mol* \xaadataBlocks\x91", "is BinaryCIF, which is not"),
        (gzip.compress(b"\x83\xa7encoder\xa5x\xaadataBlocks\x91"), "is BinaryCIF"),
        (b"\xde\x00\x1f\xabmmtfVersion\xa31.0", "is MMTF"),
        (b"PK\x03\x04....", "zip archive; unpack it"),
        (b"\x1f\x9d\x90....", "packed by compress; unpack it"),
        (b"<!DOCTYPE html>\n<p>404</p>", "a web page"),
        (b"<?xml version='1.0'?>\n<PDBx:datablock/>", "XML"),
        (b"", "empty"),
        (gzip.compress(b""), "nothing in it"),
        (b" \n\r\n", "nothing in it"),
        (gzip.compress(TEXTS["pdb"].encode())[:-20], "cut off"),
        (b">A\nMKV\n", "no protein residues"),
    ],
)
def test_other_files_are_named(tmp_path, data, message):
    path = tmp_path / "made.pdb"
    path.write_bytes(data)
    with pytest.raises(StructureError, match=message) as caught:
        read_chains(path)
    assert "a PDB or mmCIF file is needed" in str(caught.value) or "cut" in message
    assert "\n" not in str(caught.value)


def test_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "available_memory", lambda: 8 * 2**20)
    path = tmp_path / "bomb.pdb"
    path.write_bytes(gzip.compress(b"\n" * 2**24))
    with pytest.raises(StructureError, match="too much for this machine's memory"):
        read_chains(path)
    path.write_bytes(b"\n" * 2**21)
    with pytest.raises(StructureError, match="too much for this machine's memory"):
        read_chains(path)
