"""Vector operations on rows of numbers, for kernels to call.

The compiler does not turn a loop over a short row (21 letters padded to 24 floats)
into good vector code, since it sees the row's length only at run time. The ``*_row``
functions in :mod:`pottsfold.simd.rows` do, and those in :mod:`pottsfold.simd.tables`
read and write tables of them; :mod:`pottsfold.simd.codegen` writes their code.
"""
