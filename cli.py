"""The program, from a checkout: ``python cli.py --help``."""

from pottsfold.commands.main import run

if __name__ == "__main__":
    run()
