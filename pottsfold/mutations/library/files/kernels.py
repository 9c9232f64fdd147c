"""Bytes of text files to records. Arrays only; the callers check."""

from pottsfold.jit import kernel

QUOTE, LINE_END, RECORD, BLANK, HASH = 34, 10, 62, 32, 35


@kernel
def end_of_rows(data, delimiter):
    """Return where the last whole row ends, a line end inside quotes being a cell's.

    data uint8, beginning with a row. A quote opens only where a cell begins, and is
    closed by one that is not doubled. 0 when no row is whole.
    """
    end = 0
    at = 0
    begins = True
    while at < data.size:
        byte = data[at]
        if byte == QUOTE and begins:
            at += 1
            while at < data.size:
                if data[at] == QUOTE:
                    if at + 1 < data.size and data[at + 1] == QUOTE:
                        at += 1
                    else:
                        break
                at += 1
            begins = False
        else:
            begins = byte == delimiter or byte == LINE_END
            if byte == LINE_END:
                end = at + 1
        at += 1
    return end


@kernel
def outside_comments(data, delimiter, kept):
    """Write which bytes stand in no line that begins with a ``#``.

    data uint8, beginning with a row; kept bool, as long. A ``#`` inside quotes, which
    are those of :func:`end_of_rows`, begins no comment; line ends are kept.
    """
    begins = new_line = True
    in_comment = in_quotes = False
    at = 0
    while at < data.size:
        byte = data[at]
        kept[at] = True
        if in_quotes:
            if byte == QUOTE:
                if at + 1 < data.size and data[at + 1] == QUOTE:
                    at += 1
                    kept[at] = True
                else:
                    in_quotes = False
        elif in_comment or (new_line and byte == HASH):
            in_comment = byte != LINE_END
            kept[at] = not in_comment
            begins = new_line = not in_comment
        elif byte == QUOTE and begins:
            in_quotes = True
            begins = new_line = False
        else:
            new_line = byte == LINE_END
            begins = byte == delimiter or new_line
        at += 1


@kernel
def split_records(data, names, name_ends, sequences, sequence_ends):
    """Write the names and sequences of FASTA records, blanks in sequences left out.

    data uint8; names and sequences uint8, as long as data; their ends int64, as many
    as line beginnings with a ``>``, and one more for the first, 0. What stands before
    the first record is left out.
    """
    record = n_names = n_letters = 0
    name_ends[0] = sequence_ends[0] = 0
    begins, in_name = True, False
    for at in range(data.size):
        byte = data[at]
        if begins and byte == RECORD:
            if record > 0:
                sequence_ends[record] = n_letters
            record += 1
            in_name = True
            name_ends[record] = name_ends[record - 1]
        elif byte == LINE_END:
            in_name = False
            n_names = name_ends[record]
        elif in_name:
            names[n_names] = byte
            n_names += 1
            # Blanks at the end are no part of the name.
            if byte > BLANK:
                name_ends[record] = n_names
        elif byte > BLANK and record > 0:
            sequences[n_letters] = byte
            n_letters += 1
        begins = byte == LINE_END
    sequence_ends[record] = n_letters
