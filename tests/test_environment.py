"""The conda environment asks for what the package does."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
# Names that differ between PyPI and conda-forge.
CONDA_NAMES = {
    "matplotlib": "matplotlib-base",
    "docstring-parser": "docstring_parser",
}
# What an extra of a PyPI package brings, named by itself on conda.
CONDA_ONLY = {"python", "pip", "python-zstandard"}


def split(requirement: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?(.*)", requirement)
    assert match, requirement
    return match[1].lower(), match[2].strip()


def test_environment_keeps_step_with_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = dict(split(entry) for entry in environment["dependencies"])
    assert conda["python"] == project["requires-python"]
    wanted = {
        CONDA_NAMES.get(name, name): version
        for name, version in map(split, project["dependencies"])
    }
    offered = {name: v for name, v in conda.items() if name not in CONDA_ONLY}
    assert offered == wanted
