"""Commands, above layer 9: `python -m smswire` is the command `smswire`."""

from .cli.main import run

if __name__ == "__main__":
    run()
