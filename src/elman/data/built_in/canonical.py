"""The fingerprint of examples that stand in no file of the user's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from elman.data.examples import Example


def examples_sha256(*parts: Iterable[Example]) -> str:
    """The SHA-256 of the parts' canonical JSON: sorted keys, no spaces, UTF-8.

    Example:
        >>> from elman.data.examples import Document
        >>> examples_sha256([Document("Hello", row=1)])[:8]
        '1f68432d'
    """
    digest = hashlib.sha256()
    for part in parts:
        rows = [asdict(example) for example in part]
        text = json.dumps(rows, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        digest.update(text.encode("utf-8") + b"\n")
    return digest.hexdigest()
