"""Contents of two reports with invented but lifelike numbers."""

from __future__ import annotations

import math
import random
import re

from elman.training.report.content import ExampleRow, Passage, ReportContent

CODES = (
    "bn ca cs cy da de en es et eu fi fr ga hi hr hu id is it lt lv nb nl pl pt ro sk sl sq sv sw "
    "tr vi"
).split()
NEAR = {"sk": "cs", "hr": "sl", "da": "nb", "nb": "da", "pt": "es", "es": "ca", "ca": "es"}
HOSTILE = '<script>document.title="owned"</script>" onload=\'x\' & \x00\x07\x1b[31m\ud800 \u202eabc'


def _confusion() -> tuple[list[str], list[list[int]]]:
    draw = random.Random(0)  # noqa: S311
    counts = [[0] * len(CODES) for _ in CODES]
    for truth, code in enumerate(CODES):
        for _ in range(draw.randint(35, 70)):
            answer = code
            if draw.random() > (0.68 if code in NEAR else 0.85):
                near = NEAR.get(code, "en") if draw.random() < 0.6 else draw.choice(CODES)
                answer = near
            counts[truth][CODES.index(answer)] += 1
    return CODES, counts


def _lines(
    count: int, metric: str, first: float, last: float, loss: float
) -> list[dict[str, object]]:
    draw = random.Random(1)  # noqa: S311
    lines: list[dict[str, object]] = []
    for index in range(count):
        done = 1 - math.exp(-4 * (index + 1) / count)
        late = max(0, index / count - 0.7)
        lines.append(
            {
                "step": (index + 1) * 200,
                "epoch": index / 3,
                "train_loss": loss * (1 - 0.86 * done) + draw.uniform(-0.02, 0.02),
                "validation_loss": loss * (1 - 0.78 * done) + late * 0.35 + draw.uniform(0, 0.03),
                "validation": {metric: first + (last - first) * done - late * 0.01},
                "learning_rate": 0.003 * (1 + math.cos(math.pi * index / count)) / 2,
                "gradient_norm": 0.4 + 4 * math.exp(-5 * index / count) + draw.uniform(0, 0.3),
                "clipped_share": max(0.0, 0.4 - index / count),
                "tokens_per_second": 81234.5 + draw.uniform(-900, 900),
                "seconds": 2.5 * (index + 1),
            }
        )
    return lines


def languages(evaluations: int = 24) -> ReportContent:
    """A classifier of 33 languages that beats its baseline."""
    return ReportContent(
        title="languages",
        run_name="languages",
        command="elman train languages --out runs/languages --seed 0",
        elman_version="0.1.0",
        created="2026-03-01T12:00:00Z",
        data={
            "Source": "languages (names from Babel's CLDR data, Babel 2.18.0)",
            "SHA-256": "9f2c" * 16,
            "Examples": "11,840 to train, 1,480 to validate, 1,480 to test",
            "Lengths": "2 to 47 characters, 11 on average",
        },
        reasons={
            "shape": "many to one: 33 labels, one for each text",
            "unit": "characters: the texts are names of 1.4 words on average",
            "split": "seeded split 80/10/10 (seed 0)",
        },
        notes=("Names shared by several languages were left out (5,213).",),
        metric_lines=_lines(evaluations, "accuracy", 0.2, 0.845, 3.4),
        best_step=3600 if evaluations > 17 else 200 * evaluations,
        test={"accuracy": 0.8311, "macro_f1": 0.8274},
        higher_is_better={"accuracy": True, "macro_f1": True},
        baselines={
            "majority class": {"accuracy": 0.046, "macro_f1": 0.003},
            "n-grams + logistic regression": {"accuracy": 0.8162, "macro_f1": 0.8127},
        },
        confusion=_confusion(),
        wrong=(
            ExampleRow("Seychellene", "nb", "da", 0.6214),
            ExampleRow("Srbsko", "cs", "sk", 0.5571),
            ExampleRow("Guinea Equatorial", "ca", "es", 0.8802),
            ExampleRow("Ilhas Virgens Britânicas", "pt", "es", 0.4129),
        ),
        right=(
            ExampleRow("Äquatorialguinea", "de", "de", 0.9987),
            ExampleRow("নিরক্ষীয় গিনি", "bn", "bn", 0.9999),
            ExampleRow("भूमध्यरेखीय गिनी", "hi", "hi", 0.9998),
            ExampleRow("Y Deyrnas Unedig", "cy", "cy", 0.9941),
        ),
        parameters=(
            ("embedding.weight", (243, 64), 15552),
            ("rnn.weight_ih_l0", (512, 64), 32768),
            ("rnn.weight_hh_l0", (512, 128), 65536),
            ("rnn.bias_ih_l0", (512,), 512),
            ("head.weight", (33, 256), 8448),
        ),
        cost={
            "Training": "1 minute 3 seconds on 1 thread",
            "Speed": "81,000 tokens a second",
            "Parameters": "221,345",
            "Multiply-adds": "0.21 million a token",
            "Peak memory": "412 MB",
        },
    )


PROSE = """The import statement combines two operations; it searches for the named module, then \
it binds the results of that search to a name in the local scope. When a module is first \
imported, Python searches for the module and if found, it creates a module object, initializing \
it."""


def language_model(evaluations: int = 16) -> ReportContent:
    """A language model that loses to its Kneser-Ney baseline."""
    draw = random.Random(3)  # noqa: S311
    passages = []
    for shift in (0, 1):
        pieces = re.findall(r"\s*(?:\w+|[^\w\s])", PROSE)[shift * 5 :]
        bits = [
            draw.uniform(0, 2 + 1.1 * len(piece.strip())) * draw.choice((0.2, 0.5, 1))
            for piece in pieces
        ]
        passages.append(Passage(tuple(zip(pieces, [math.nan, *bits[1:]], strict=True))))
    return ReportContent(
        title="pydocs",
        run_name="pydocs",
        command="elman train pydocs --out runs/pydocs --seed 0",
        elman_version="0.1.0",
        created="2026-03-01T12:00:00Z",
        data={"Source": "pydoc_data.topics of Python 3.11.7", "Tokens": "96,412"},
        reasons={
            "shape": "language model: running text without labels",
            "unit": "words: the text has spaces, and words repeat 21 times on average",
            "split": "by topic, 80/10/10 (seed 0)",
        },
        metric_lines=_lines(evaluations, "perplexity", 420.0, 14.9, 6.1),
        best_step=200 * evaluations,
        test={"perplexity": 15.93},
        higher_is_better={"perplexity": False},
        baselines={
            "Kneser-Ney 3-gram": {"perplexity": 15.72},
            "Witten-Bell 3-gram": {"perplexity": 17.86},
        },
        passages=passages,
        parameters=(("embedding.weight", (4412, 200), 882400),),
        cost={"Training": "4 minutes 11 seconds on 1 thread", "Parameters": "1,204,812"},
    )


def hostile() -> ReportContent:
    """A report in which every text tries to break out of the page."""
    row = ExampleRow(HOSTILE, HOSTILE, HOSTILE, 0.5)
    return ReportContent(
        title=HOSTILE,
        run_name=HOSTILE,
        command=HOSTILE,
        elman_version=HOSTILE,
        created=HOSTILE,
        data={HOSTILE: HOSTILE},
        reasons={"shape": HOSTILE, HOSTILE: HOSTILE},
        notes=(HOSTILE,),
        metric_lines=[
            {"step": step, "train_loss": 1.0 / step, "validation": {HOSTILE: 0.5}}
            for step in (1, 2, 3)
        ],
        best_step=2,
        test={HOSTILE: 0.5, "accuracy": 0.4},
        baselines={HOSTILE: {HOSTILE: 0.4}},
        higher_is_better={HOSTILE: True, "accuracy": True},
        confusion=([HOSTILE, "b"], [[2, 1], [1, 3]]),
        right=(row,),
        wrong=(row,),
        passages=(Passage(((HOSTILE, 3.0), (" " + HOSTILE, 12.0))),),
        parameters=((HOSTILE, (2, 2), 4),),
        cost={HOSTILE: HOSTILE},
    )
