"""Commands, above layer 9: options that several commands share, and the error that they end in."""

import os
from collections.abc import Callable

import click

from smpp_core import Profile, ProfileError

from .item import Item


class Failure(click.ClickException):
    """Wrong usage or unreadable input: one sentence on standard error, exit code 2."""

    exit_code = 2


def profile_named(name: str) -> Profile:
    """The profile that --profile asks for: vendor, standard or a TOML file. Raises click.BadParameter or Failure."""
    if name in ("vendor", "standard"):
        return Profile.named(name)
    if not os.path.exists(name):
        raise click.BadParameter(f"{name!r} is neither vendor nor standard nor a file", param_hint="--profile")
    try:
        return Profile.from_toml(os.fspath(name))
    except ProfileError as error:
        raise Failure(str(error) if error.path else f"{name}: {error}") from None


def predicate(expression: str | None, profile: Profile) -> Callable[[Item], bool] | None:
    """The --where expression as a function, None if there is none. Raises Failure with a caret under the place."""
    if expression is None:
        return None
    from .where import WhereError, parse  # most calls have no expression, and the start shall be quick

    try:
        return parse(expression, profile)
    except WhereError as error:
        raise Failure(f"--where: {error.pointed()}") from None
