"""What substitutions do to a sequence's energy."""
