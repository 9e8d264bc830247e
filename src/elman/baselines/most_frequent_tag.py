"""The cheap rival of a tagger: each token's commonest tag, whatever stands around it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from elman.errors import UsageError


class MostFrequentTag:
    """Counts the tags of each token; a token that was never seen gets the commonest tag of all.

    Of equally common tags the first by name is taken.

    Example:
        >>> rival = MostFrequentTag().fit([(["a", "run"], ["DET", "NOUN"])])
        >>> rival.tags(["run", "a", "mile"])
        ['NOUN', 'DET', 'DET']
    """

    def __init__(self) -> None:
        self._of_token: dict[str, str] = {}
        self._overall = ""

    def fit(self, sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> MostFrequentTag:
        """Count tokens with their tags.

        Args:
            sentences: the tokens of each, and as many tags.

        Raises:
            UsageError: there is no token.
        """
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for tokens, tags in sentences:
            for token, tag in zip(tokens, tags, strict=True):
                counts[token][tag] += 1
        if not counts:
            raise UsageError("there is no tag to count", expected="at least one tagged token")
        self._of_token = {token: _commonest(tags) for token, tags in counts.items()}
        self._overall = _commonest(sum(counts.values(), Counter()))
        return self

    def tags(self, tokens: Iterable[str]) -> list[str]:
        """A tag for each token."""
        return [self._of_token.get(token, self._overall) for token in tokens]


def _commonest(tags: Counter[str]) -> str:
    return min(tags, key=lambda tag: (-tags[tag], tag))
