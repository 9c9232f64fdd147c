"""What energies mean: log-likelihoods, temperatures, and how good samples are.

``partition/`` finds log Z, ``comparison/`` sets samples beside natural sequences,
``temperature/`` finds the temperature at which they are most alike. Everything here
takes models and samples them; nothing fits one.
"""
