"""What a step of a text may be. Options and configurations need no more of texts than this."""

from __future__ import annotations

from typing import Literal

Unit = Literal["words", "characters", "codepoints"]
