"""Drawing tokens: the right set, the right frequencies, and the same text for the same seed."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.errors import ConfigurationError
from elman.models.decoding import Sampling, draw, generate
from elman.models.description import LanguageModelDescription
from elman.models.language_model import LanguageModel

PROBABILITIES = [0.4, 0.05, 0.25, 0.1, 0.2, 0.0]
SCORES = torch.tensor([math.log(p) if p else -math.inf for p in PROBABILITIES]) + 3.0
BANNED = 0


def drawn(scores: Tensor, sampling: Sampling, times: int = 2000) -> Tensor:
    """How often each token was drawn, as a share."""
    generator = torch.Generator().manual_seed(sampling.seed)
    tokens = [draw(scores, sampling, generator) for _ in range(times)]
    return torch.bincount(torch.tensor(tokens), minlength=len(scores)) / times


def expected(sampling: Sampling) -> list[float]:
    """The distribution to draw from, by its definition in plain Python."""
    powers = {token: p ** (1 / sampling.temperature) for token, p in enumerate(PROBABILITIES)}
    ranked = sorted(powers, key=lambda token: -powers[token])
    ranked = ranked[: sampling.top_k or len(ranked)]
    total = sum(powers[token] for token in ranked)
    kept: list[int] = []
    for token in ranked:
        if sum(powers[one] for one in kept) / total >= sampling.top_p - 1e-12:
            break
        kept.append(token)
    total = sum(powers[token] for token in kept)
    return [powers[token] / total if token in kept else 0.0 for token in powers]


@pytest.mark.parametrize(
    ("sampling", "support"),
    [
        (Sampling(), {0, 1, 2, 3, 4}),
        (Sampling(temperature=0.5), {0, 1, 2, 3, 4}),
        (Sampling(temperature=3.0, seed=5), {0, 1, 2, 3, 4}),
        (Sampling(top_k=1), {0}),
        (Sampling(top_k=3), {0, 2, 4}),
        (Sampling(top_k=100), {0, 1, 2, 3, 4}),
        (Sampling(top_p=0.39), {0}),
        (Sampling(top_p=0.41), {0, 2}),
        (Sampling(top_p=0.64), {0, 2}),
        (Sampling(top_p=0.7), {0, 2, 4}),
        (Sampling(top_p=0.949), {0, 2, 3, 4}),
        (Sampling(top_p=0.951), {0, 1, 2, 3, 4}),
        (Sampling(top_p=1e-9), {0}),
        (Sampling(top_k=3, top_p=0.75), {0, 2}),  # of the 3, 0 and 2 have 0.65 / 0.85 = 0.76
        (Sampling(temperature=0.5, top_p=0.8), {0, 2}),  # 0.16 + 0.0625 of 0.275 is 0.81
    ],
    ids=str,
)
def test_exactly_the_right_tokens_with_the_right_frequencies(
    sampling: Sampling, support: set[int]
) -> None:
    wanted, times = expected(sampling), 2000
    assert {token for token, p in enumerate(wanted) if p > 0} == support
    shares = drawn(SCORES, sampling, times)
    assert set(shares.nonzero().flatten().tolist()) == support
    for share, p in zip(shares.tolist(), wanted, strict=True):
        assert abs(share - p) <= 4 * math.sqrt(p * (1 - p) / times)


def test_temperature_0_is_argmax() -> None:
    scores = torch.randn(20, 50, generator=torch.Generator().manual_seed(1))
    for row in scores:
        assert drawn(row, Sampling(temperature=0), 3)[int(row.argmax())] == 1.0


@pytest.mark.parametrize("temperature", [1e-6, 1e-42, 5e-324])
def test_a_temperature_near_0_is_nearly_argmax(temperature: float) -> None:
    assert drawn(SCORES, Sampling(temperature), 20).tolist() == [1, 0, 0, 0, 0, 0]


def test_a_huge_temperature_flattens_and_never_raises_the_dead() -> None:
    shares = drawn(SCORES, Sampling(temperature=1e300), 2000)
    assert shares[5] == 0
    assert all(abs(share - 0.2) < 0.04 for share in shares[:5].tolist())


def test_top_k_of_equal_scores_is_still_k() -> None:
    shares = drawn(torch.zeros(6), Sampling(top_k=2), 200)
    assert int((shares > 0).sum()) == 2


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"temperature": -0.1}, "temperature = -0.1"),
        ({"temperature": math.inf}, "temperature = inf"),
        ({"temperature": math.nan}, "temperature = nan"),
        ({"top_k": -1}, "top_k = -1"),
        ({"top_p": 0.0}, "top_p = 0.0"),
        ({"top_p": 1.5}, "top_p = 1.5"),
        ({"top_p": math.nan}, "top_p = nan"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**63}, "seed = 9223372036854775808"),
    ],
    ids=str,
)
def test_options_out_of_range_are_refused(options: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Sampling(**options)
    assert caught.value.where == where
    assert caught.value.expected


def language_model() -> LanguageModel:
    torch.manual_seed(0)
    model = LanguageModel(
        LanguageModelDescription(
            cell=CellSpec("rnn"), vocabulary_size=9, embedding_size=5, hidden_size=5, tied=False
        )
    )
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)  # so that the likeliest token differs from step to step
    return model.eval()


@pytest.mark.parametrize("sampling", [Sampling(temperature=0), Sampling(0.7, seed=3)], ids=str)
def test_step_by_step_is_scoring_the_whole(sampling: Sampling) -> None:
    model, prompt = language_model(), [1, 4, 4, 2]
    tokens = list(generate(model, prompt, 15, sampling, BANNED))
    assert len(tokens) == 15
    assert len(set(tokens)) > 2
    with torch.no_grad():
        scores, _ = model(ragged([[*prompt, *tokens]]))
    generator = torch.Generator().manual_seed(sampling.seed)
    scores[:, BANNED] = -torch.inf
    replayed = [draw(row, sampling, generator) for row in scores[len(prompt) - 1 : -1]]
    assert replayed == tokens


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    model = language_model()
    texts = [
        tuple(generate(model, [1], 12, Sampling(seed=seed), BANNED)) for seed in (0, 0, 1, 2, 3)
    ]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4


def test_the_seed_of_everything_else_changes_no_text() -> None:
    model = language_model()
    first = list(generate(model, [1], 12, Sampling(), BANNED))
    torch.manual_seed(99)
    assert list(generate(model, [1], 12, Sampling(), BANNED)) == first


@pytest.mark.parametrize("sampling", [Sampling(temperature=0), Sampling(), Sampling(100.0)])
def test_the_banned_token_is_never_drawn(sampling: Sampling) -> None:
    model = language_model()
    with torch.no_grad():
        model.output.bias[BANNED] = 3000.0
    tokens = list(generate(model, [1], 200, sampling, BANNED))
    assert BANNED not in tokens
    with torch.no_grad():
        model.output.bias[BANNED], model.output.bias[3] = 0.0, 3000.0
    assert 3 in list(generate(model, [1], 5, sampling, BANNED))


def test_no_gradient_is_kept_and_none_is_switched_off_outside() -> None:
    model = language_model()
    tokens = generate(model, [1], 3, Sampling(), BANNED)
    next(tokens)
    assert torch.is_grad_enabled()
    assert all(weight.grad is None for weight in model.parameters())
    assert list(generate(model, [1], 0, Sampling(), BANNED)) == []
