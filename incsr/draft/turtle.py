"""Proposals as Turtle for a person to finish: placeholders are `finish:` names, doubts are comments and
notes.

A placeholder is an IRI outside our base, so that the shapes refuse a file in which one is left.
"""

import re

from incsr.draft.proposals import IN_VOCABULARY, NOT_STATED
from incsr.evidence.passages import turtle_string
from incsr.namespaces import BASE, PREFIXES

FINISH = "urn:incsr:finish:"
_PREFIXES = (
    "cbp", "dataset", "indicator", "measurement", "country", "region", "period", "qb", "sdmx-attribute",
    "sdmx-dimension", "sdmx-measure", "skos", "unit",
)  # fmt: skip


def turtle(proposals, name, known=None, graph=None):
    """The proposals of the text that is called `name` (its file's name without `.txt`), as Turtle.

    `known` are labels with the prefixed names of things; those that a sentence uses are offered beside the
    placeholders. `graph` is the name of the graph to be, for its data sets. Graph: <measurement> a
    cbp:Measurement ; cbp:quotation ?words ; cbp:evidence <passage> .
    """
    lines = [
        f"# Proposed from {name}.txt by `incsr draft`; "
        "every line is to be checked against the words it quotes.",
        "# What is called finish: could not be known by rule: "
        "write the thing, the indicator, the qualifier meant.",
        "# A finish: that is left is refused by `incsr validate`.",
        "",
        f"@base <{BASE}> .",
        f"@prefix finish: <{FINISH}> .",
    ]
    lines += [f"@prefix {prefix}: <{PREFIXES[prefix]}> ." for prefix in _PREFIXES]
    paragraph, sentence = None, None
    for proposal in proposals:
        if proposal.paragraph != paragraph:
            paragraph = proposal.paragraph
            lines += ["", f"# ══ Paragraph {paragraph} " + "═" * 60]
        if proposal.sentence != sentence:
            sentence = proposal.sentence
            lines += ["", *_comment(sentence)]
        lines += ["", *_block(proposal, name, known or {}, _local(graph or name))]
    return "\n".join(lines) + "\n"


def _block(proposal, name, known, graph):
    words = not proposal.printed
    data_set = f"dataset:{graph}" + ("-in-words" if words else "")
    offered = sorted(
        {
            term
            for label, term in known.items()
            if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", proposal.sentence)
        }
    )
    subject = [term for term in offered if not term.startswith("indicator:")]
    indicator = [term for label, term in known.items()
                 if term.startswith("indicator:") and label.lower() == proposal.counted.lower()]  # fmt: skip
    lines = [
        f"measurement:{_local(proposal.slug)} a cbp:Measurement , qb:Observation ; qb:dataSet {data_set} ;"
    ]
    lines.append(f"    cbp:describes finish:subject ;{_offer(subject)}")
    counted = f"  # {proposal.counted}" if proposal.counted else ""
    lines.append(f"    cbp:indicator finish:indicator ;{_offer(indicator) or counted}")
    lines.append(f"    sdmx-dimension:refPeriod period:{proposal.period} ;")
    area = f"country:{proposal.area}" if proposal.area != NOT_STATED else "region:not-stated"
    lines.append(f"    sdmx-dimension:refArea {area} ;")
    unit = f"sdmx-attribute:unitMeasure unit:{proposal.unit}"
    if words:
        size = f" cbp:magnitude {proposal.magnitude} ;" if proposal.magnitude else ""
        lines.append(f"    cbp:statedAs {turtle_string(proposal.stated_as)} ;{size} {unit} ;")
    else:
        prefix = "cbp" if proposal.qualifier in IN_VOCABULARY else "finish"
        value = f"sdmx-measure:obsValue {_number(proposal.value)}"
        lines.append(f"    {value} ; {unit} ; cbp:qualifier {prefix}:{proposal.qualifier} ;")
    extra = [f"cbp:per unit:{proposal.per} ;"] if proposal.per else []
    extra += [f"cbp:roundedTo {proposal.rounded_to} ;"] if proposal.rounded_to else []
    if extra:
        lines.append("    " + " ".join(extra))
    lines.append(f"    cbp:quotation {turtle_string(proposal.quotation)} ;")
    passages = [(proposal.start, proposal.end), *proposal.further]
    cited = " ,\n        ".join(f"<source/{name}.txt#char={start},{end}>" for start, end in passages)
    note = "; ".join(proposal.notes)
    if not note:
        return [*lines, f"    cbp:evidence {cited} ."]
    note = note[0].upper() + note[1:] + "."
    return [*lines, f"    cbp:evidence {cited} ;", f"    skos:editorialNote {turtle_string(note)}@en ."]


def _offer(terms):
    return f"  # {' or '.join(terms)}?" if terms else ""


def _number(value):
    text = format(value, "f")
    return text.rstrip("0") if "." in text and not text.endswith(".0") else text


def _local(name):
    return re.sub(r"[^\w-]+", "-", name).strip("-")


def _comment(sentence):
    words, line, lines = " ".join(sentence.split()).split(), "#", []
    for word in words:
        if len(line) + len(word) > 105:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return [*lines, line]
