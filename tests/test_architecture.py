"""The rooms import downwards only, and start fast."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_import_contracts_are_kept():
    program = "from importlinter.cli import lint_imports_command as c; c()"
    result = subprocess.run(
        [sys.executable, "-c", program, "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "0 broken" in result.stdout, result.stdout + result.stderr
    assert result.returncode == 0


def test_help_needs_no_numba_nor_numpy():
    program = (
        "import sys; from pottsfold.commands.main import main; main(['--help']); "
        "heavy = {'numba', 'numpy', 'pandas', 'scipy'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "fit" in result.stdout


def test_every_kernels_file_is_under_contract():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    listed = {c["id"]: c for c in contracts}
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "pottsfold").rglob("kernels.py")
    }
    assert set(listed["kernels"]["source_modules"]) == files
    assert set(listed["kernels-independent"]["modules"]) == files


def test_the_package_says_that_it_is_typed():
    from importlib.resources import files

    assert files("pottsfold").joinpath("py.typed").is_file()
