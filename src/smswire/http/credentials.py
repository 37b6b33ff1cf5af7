"""Layer 7 of 9: who asks: the user name and password that every document of the API carries, never shown."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

__all__ = ["Credentials"]


class Credentials(Struct, kw_only=True):
    """What each request begins with. username, password: as sent, "" where absent. The password is shown as stars."""

    username: str = ""
    password: str = ""

    @property
    def missing(self) -> int:
        """The status of what is missing, a blank one too: -10 the user name, then -11 the password; 0 if both are there (V3, V13)."""
        if not self.username or self.username.isspace():
            return -10
        return -11 if not self.password or self.password.isspace() else 0

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The fields for rich."""
        return [
            (name, "***" if name == "password" and self.password else getattr(self, name)) for name in self.__struct_fields__
        ]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
