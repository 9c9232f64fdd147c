# Every target sets itself up: python3 and make are all it takes.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Quick tests of compiled loops that take letters, places and offsets.
KERNEL_TESTS := \
	tests/simd \
	tests/alignment/test_clusters.py tests/alignment/test_frequencies.py \
	tests/alignment/test_segments.py tests/alignment/test_weights.py \
	tests/model/test_energy.py \
	tests/sampling/test_large_parameters.py tests/sampling/test_moves.py \
	tests/inference/pseudolikelihood/test_patterns.py \
	tests/mutations/test_effects.py tests/mutations/library/parsing \
	tests/mutations/epistasis/test_backgrounds.py \
	tests/mutations/epistasis/test_pairs.py tests/mutations/rescue/test_search.py \
	tests/contacts/test_distances.py tests/tables/test_text.py \
	tests/design/test_annealing_kernel.py tests/design/test_few_changes.py

.PHONY: demo test bounds check format bench precision clean

demo: $(VENV)/.demo  ## the whole job on a real family, dihydrofolate reductase
	$(BIN)/pottsfold demo --family dhfr --folder demo-output

test: $(VENV)/.test  ## every test
	$(BIN)/python -m pytest --numprocesses auto --quiet

# Numba's cache does not know of the switch, so these have one of their own.
bounds: export NUMBA_BOUNDSCHECK := 1
bounds: export NUMBA_CACHE_DIR := $(CURDIR)/$(VENV)/checked-kernels
bounds: $(VENV)/.test  ## tests of kernels with every index checked
	$(BIN)/python -m pytest --numprocesses auto --quiet -m 'not slow' $(KERNEL_TESTS)

check: $(VENV)/.test  ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.test  ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test  ## timings, on demand
	$(BIN)/python -m pytest tests/benchmarks --benchmark-enable --benchmark-only

precision: $(VENV)/.test  ## contact precision on the families under POTTSFOLD_DATA
	$(BIN)/python -m tests.benchmarks.precision

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) demo-output .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
