"""How a figure is verified, what isn't known, how things stand now, and what changed."""

import re
from pathlib import Path

from flask import render_template
from markupsafe import Markup, escape

from incsr import __version__, sources

SIZES = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def register(pages, site):
    @pages.get("/about")
    def about():
        stated = [f for f in site.figures.values() if f.graph == "incsr2014"]
        undated = [f for f in stated if not f.dated]
        alone = [
            f
            for f in stated
            if not any(o.graph == "context" and o.indicator == f.indicator for o in site.figures.values())
        ]
        return render_template(
            "about.html", section="pages.about", stated=stated, undated=undated, alone=alone
        )

    @pages.get("/status")
    def status():
        triples = int(site.graph.select(SIZES)[0]["n"].value)
        return render_template(
            "status.html",
            section="pages.about",
            triples=triples,
            coverage=site.coverage,
            validation=site.validation,
            version=__version__,
            data_version=site.graph.version,
            figures=len(site.figures),
        )

    @pages.get("/changelog")
    def changelog():
        return render_template("changelog.html", section="pages.about", body=rendered(changelog_text()))


def changelog_text():
    """CHANGELOG.md as shipped: beside the published files."""
    for folder in (sources.root(), sources.root().parent):
        path = Path(folder) / "CHANGELOG.md"
        if path.exists():
            return path.read_text()
    return ""


def rendered(text):
    """The few marks of Markdown that a changelog uses, as HTML: headings, lists, `code`, links."""
    parts, listing = [], False
    for line in _joined(text.splitlines()):
        heading = re.match(r"(#{1,4}) (.*)", line)
        item = re.match(r"[-*] (.*)", line)
        if listing and not item:
            parts.append("</ul>")
            listing = False
        if heading:
            level = len(heading[1])
            parts.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
        elif item:
            if not listing:
                parts.append("<ul>")
                listing = True
            parts.append(f"<li>{_inline(item[1])}</li>")
        elif line.strip():
            parts.append(f"<p>{_inline(line)}</p>")
    if listing:
        parts.append("</ul>")
    return Markup("\n".join(parts))


def _joined(lines):
    """Lines with their continuations (indented, or plain after plain) joined."""
    held = []
    for line in lines:
        starts = not line.strip() or re.match(r"#{1,4} |[-*] ", line)
        if held and not starts and held[-1].strip() and not held[-1].startswith("#"):
            held[-1] += " " + line.strip()
        else:
            held.append(line)
    return held


def _inline(text):
    safe = str(escape(text))
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)
    return re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+)\)", r'<a href="\2">\1</a>', safe)
