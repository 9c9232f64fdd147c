"""The command line: a thin face over the library, one file a verb.

``main`` finds the verb and turns errors into one line and an exit status. A verb's
module is imported only when it is called, so ``--help`` needs no Numba.
"""
