"""Couplings as a map of contacts."""
