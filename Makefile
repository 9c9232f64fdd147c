# Every target sets itself up: python3 and make are all it takes.
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test check format bench precision clean

demo: $(VENV)/.demo  ## the whole job on a real family, dihydrofolate reductase
	$(BIN)/pottsfold demo --family dhfr --folder demo-output

test: $(VENV)/.test  ## every test
	$(BIN)/python -m pytest --numprocesses auto --quiet

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
