"""The program as a module: ``python -m pottsfold``, as torchrun starts it."""

from pottsfold.commands.main import run

if __name__ == "__main__":
    run()
