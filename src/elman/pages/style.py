"""The style sheet of every page: one measure, two themes, no font to download."""

from __future__ import annotations

from collections.abc import Mapping

LIGHT = {
    "ground": "#fcfbf9",
    "raised": "#f4f2ed",
    "ink": "#1d1c1a",
    "muted": "#5b5852",
    "hairline": "#dedad2",
    "accent": "#0b5d7e",
    "second": "#a9480b",
    "third": "#5f3f96",
    "fourth": "#2f6b34",
    "own": "#0b5d7e",
    "rival": "#aaa499",
    "heat-right": "#74b0cb",
    "heat-wrong": "#e39a5f",
}
DARK = {
    "ground": "#14161a",
    "raised": "#1d2026",
    "ink": "#e9e7e2",
    "muted": "#a9a69f",
    "hairline": "#33373f",
    "accent": "#6fc3e3",
    "second": "#f0a76a",
    "third": "#bda2ee",
    "fourth": "#8fca93",
    "own": "#6fc3e3",
    "rival": "#666c78",
    "heat-right": "#1f6582",
    "heat-wrong": "#8c4a17",
}


def _theme(colours: Mapping[str, str]) -> str:
    return ":root{" + "".join(f"--{name}:{value};" for name, value in colours.items()) + "}"


def mixed(colour: str, ground: str, share: float) -> str:
    """A share of a colour laid over a ground, both as #rrggbb.

    Example:
        >>> mixed("#000000", "#ffffff", 0.5)
        '#808080'
    """
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + bytes(round(a * share + b * (1 - share)) for a, b in pairs).hex()


def _surprise(colours: Mapping[str, str]) -> str:
    """Nine grounds, from none to full, behind a token."""
    return "".join(
        f".s{level}{{background:{mixed(colours['heat-wrong'], colours['ground'], level / 8)}}}"
        for level in range(1, 9)
    )


TAG_COLOURS = 8
"""How many grounds there are for tags; beyond that they come again."""


def tag_grounds(colours: Mapping[str, str]) -> list[str]:
    """Grounds behind tagged pieces of text: four colours, light and full."""
    return [
        mixed(colours[name], colours["ground"], share)
        for share in (0.16, 0.36)
        for name in ("accent", "second", "third", "fourth")
    ]


def _tags(colours: Mapping[str, str]) -> str:
    grounds = enumerate(tag_grounds(colours))
    return "".join(f".t{place}{{background:{one}}}" for place, one in grounds)


def _shades(colours: Mapping[str, str]) -> str:
    """Eight shades of each of two colours, for numbers above and below 0."""
    return "".join(
        f".{side}{level}{{fill:{shade};background:{shade}}}"
        for side, colour in (("up", "own"), ("down", "second"))
        for level in range(1, 9)
        for shade in [mixed(colours[colour], colours["ground"], 0.08 + 0.92 * level / 8)]
    )


RULES = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);line-height:1.6;
 font-family:system-ui,-apple-system,"Segoe UI","Noto Sans","Helvetica Neue",sans-serif}
main,header,footer{max-width:62rem;margin-inline:auto;padding-inline:clamp(1.25rem,4vw,2.5rem)}
header{padding-block:clamp(2rem,6vw,4rem) 0}
h1{font-size:1rem;font-weight:600;margin:0;color:var(--muted);overflow-wrap:anywhere}
h2{font-size:1.375rem;font-weight:650;letter-spacing:-.01em;line-height:1.25;margin:0 0 1.25rem}
h3{font-size:1rem;font-weight:650;margin:2.25rem 0 .75rem}
p{margin:0 0 1rem;max-width:44rem;overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px;border-radius:2px}
.headline{font-size:clamp(1.5rem,4.6vw,2.375rem);line-height:1.22;letter-spacing:-.018em;
 font-weight:400;margin:.75rem 0 1.25rem;max-width:30ch;text-wrap:balance}
.headline b{font-weight:700;color:var(--accent)}
.headline .behind{color:var(--second)}
.whole{white-space:nowrap}
.note,.empty,footer{color:var(--muted);font-size:.875rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;list-style:none;margin:2rem 0 0;padding:0;
 font-size:.9375rem}
nav a{display:inline-block;padding:.25rem 0}
section{border-top:1px solid var(--hairline);margin-top:clamp(2.5rem,6vw,3.5rem);
 padding-top:clamp(1.75rem,4vw,2.5rem)}
footer{padding-block:3rem}
.pair,.triple{display:grid;gap:2.25rem 3rem;align-items:start;
 grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}
.triple{gap:2.25rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}
.pair>.scroll{margin-top:0}
.plots{row-gap:0;margin-bottom:-1.25rem}
.plots>figure{display:grid;grid-row:span 3;grid-template-rows:subgrid;margin-bottom:2.25rem}
.plots svg{grid-row:3}
.plots .legend svg{grid-row:auto}
.pair>*,.triple>*{min-width:0}
figure{margin:0}
figcaption,caption{font-weight:600;font-size:.9375rem;text-align:start;margin-bottom:.375rem}
caption{padding-bottom:.5rem}
.chart{max-width:30rem}
.chart>svg{display:block;width:100%;height:auto;overflow:visible}
.legend{display:flex;flex-wrap:wrap;gap:.125rem 1.25rem;list-style:none;margin:0 0 .5rem;padding:0;
 font-size:.8125rem;color:var(--muted)}
.legend svg{width:26px;height:10px}
.legend b{font-weight:600;color:var(--ink);font-variant-numeric:tabular-nums}
svg text{font-size:12px;fill:var(--ink);font-variant-numeric:tabular-nums}
svg .tick,svg .axis-name,svg .mark-name{fill:var(--muted)}
svg .mark-name{paint-order:stroke;stroke:var(--ground);stroke-width:4px}
svg .strong{font-weight:650}
.chart>svg .strong,.chart>svg text:not([class]){font-size:14px}
.grid{stroke:var(--hairline)}
.axis,.mark{stroke:var(--muted)}
.mark{stroke-dasharray:1 3}
.reference{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:2 3}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line-0{stroke:var(--accent)}
.line-1{stroke:var(--second);stroke-dasharray:6 4}
.line-2{stroke:var(--third);stroke-dasharray:10 4 2 4}
.line-3{stroke:var(--fourth);stroke-dasharray:3 4}
.band{fill:var(--accent);opacity:.16}
.dot{fill:var(--ground);stroke-width:1.75;stroke-dasharray:none}
.bar{fill:var(--rival)}
.bar.own{fill:var(--own)}
.scroll{overflow-x:auto;max-width:100%}
.scroll+.scroll,figure+.scroll{margin-top:2.5rem}
.pair>.scroll{margin-top:0}
.heat{display:flex;width:max-content}
.heat svg{flex:none}
.heat .pinned{position:sticky;left:0;background:var(--ground)}
.heat .count{font-size:11px}
.field{fill:var(--raised)}
.heat rect.right{fill:var(--heat-right)}
.heat rect.wrong{fill:var(--heat-wrong)}
.key{display:inline-block;width:.875em;height:.875em;border-radius:2px;vertical-align:-.1em;
 margin-inline-start:.375rem}
.key.right{background:var(--heat-right)}
.key.wrong{background:var(--heat-wrong)}
.bitmap{display:block;max-width:100%;image-rendering:pixelated}
table{border-collapse:collapse;min-width:min(100%,32rem);font-size:.9375rem;font-variant-numeric:tabular-nums}
th,td{text-align:start;vertical-align:top;padding:.5rem 1rem .5rem 0;
 border-bottom:1px solid var(--hairline);overflow-wrap:break-word;min-width:4.5rem;
 max-width:36rem}
thead th{font-size:.8125rem;font-weight:600;color:var(--muted);vertical-align:bottom;
 overflow-wrap:normal}
tbody th{font-weight:400;white-space:pre-wrap}
td{white-space:pre-wrap}
.number{text-align:end;white-space:nowrap}
tr>:last-child{padding-inline-end:0}
.facts{margin:0}
.facts>div{display:grid;grid-template-columns:minmax(8rem,13rem) 1fr;gap:.125rem 1.5rem;
 padding:.5rem 0;border-bottom:1px solid var(--hairline)}
.facts dt{color:var(--muted);overflow-wrap:anywhere}
.facts dd{margin:0;overflow-wrap:anywhere}
details{margin-top:1.5rem}
summary{cursor:pointer;color:var(--accent);padding:.25rem 0;width:fit-content}
details>:last-child{margin-top:.75rem}
pre{background:var(--raised);padding:1rem 1.25rem;border-radius:6px;margin:0;white-space:pre-wrap;
 overflow-wrap:anywhere;font:.9375rem/1.6 ui-monospace,"SF Mono",Menlo,"Noto Sans Mono",monospace;
 user-select:all}
.after{margin-top:.75rem}
.passage{font-size:1.0625rem;line-height:2;white-space:pre-wrap;max-width:46rem;
 padding-inline-start:1.25rem;border-inline-start:3px solid var(--hairline)}
.note+.passage{margin-top:1.75rem}
.passage span,.key-row span{border-radius:3px;padding:.1em 0;box-decoration-break:clone;
 -webkit-box-decoration-break:clone}
.key-row span{padding:.1em .5em;margin-inline-end:.25rem;color:var(--ink)}
.equation{margin:0 0 1.5rem}
.equation>p{margin:0 0 .375rem;max-width:none;font-size:1.0625rem}
.equation>p .note{margin-inline-start:.75rem}
.terms{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .625rem}
.term{display:flex;align-items:center;white-space:pre;gap:.125rem}
.matrix{display:inline-grid;gap:0 .625em;padding:.125em .4375em;text-align:end;
 border-inline:1.5px solid var(--muted);border-radius:.5em;
 vertical-align:middle;white-space:nowrap;font-size:.875rem;line-height:1.4;
 font-variant-numeric:tabular-nums}
.matrix+.matrix{margin-inline-start:.1875rem}
.result .matrix{border-color:var(--accent);font-weight:650}
sub,sup{font-size:.72em;line-height:0}
.tagged{line-height:1.3;max-width:none;margin-bottom:1.25rem}
.t{display:inline-block;text-align:center;white-space:pre-wrap;border-radius:3px;
 padding:.1em .35em;margin:0 .2em .35em 0;min-width:1em}
.t small{display:block;font-size:.6875rem}
.tag-key .t{color:var(--ink)}
.t.wrong{outline:2px solid var(--second)}
.t.wrong small{font-weight:600}
@media (max-width:36rem){.matrix{font-size:.75rem;gap:0 .375em;padding-inline:.3125em}
 .facts>div{grid-template-columns:1fr}th,td{padding-inline-end:.75rem;max-width:14rem}}
@media print{nav{display:none}body{background:none}
 *{print-color-adjust:exact;-webkit-print-color-adjust:exact}
 section{break-inside:avoid-page}}
"""

STYLE = (
    _theme(LIGHT)
    + _surprise(LIGHT)
    + _tags(LIGHT)
    + _shades(LIGHT)
    + "@media (prefers-color-scheme:dark){"
    + _theme(DARK)
    + _surprise(DARK)
    + _tags(DARK)
    + _shades(DARK)
    + "}"
    + RULES
)
