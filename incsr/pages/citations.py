"""How to cite a page: plain text, BibTeX and CSL-JSON; a figure with its words and their place."""

import json

AUTHOR = "U.S. Department of State, Bureau of International Narcotics and Law Enforcement Affairs"
TITLE = "2014 INCSR: U.S. Customs and Border Protection (CBP)"
ADDRESS = "http://www.state.gov/j/inl/rls/nrcrpt/2014/vol1/223184.htm"
REPORT = "International Narcotics Control Strategy Report, Volume I"
QUOTES = "“”"


def of(site, iri, kind, figure=None):
    """The three forms of a citation for one thing; `figure` adds the quoted words and their offsets."""
    name = title_of(figure) if figure else site.fact_label(iri)
    words = ""
    if figure and figure.passages:
        start, end, exact = figure.passages[0]
        words = f" The words are “{exact}” (characters {start} to {end})."
    plain = f"“{name.strip(QUOTES)}”, in {AUTHOR}, {TITLE}, {REPORT}, March 2014.{words} {iri}"
    note = f"Data edition; original at {ADDRESS}.{words}"
    key = iri.rsplit("/", 2)
    bibtex = (
        f"@misc{{incsr-{key[-2]}-{key[-1]},\n"
        f"  author = {{{{{AUTHOR}}}}},\n"
        f"  title = {{{_tex(name)}}},\n"
        f"  howpublished = {{{TITLE}}},\n"
        "  year = {2014},\n  month = mar,\n"
        f"  note = {{{_tex(note)}}},\n"
        f"  url = {{{iri}}}\n}}"
    )
    csl = {
        "id": f"incsr-{key[-2]}-{key[-1]}",
        "type": "dataset" if kind in ("measurement", "dataset") else "webpage",
        "title": name,
        "author": [{"literal": AUTHOR}],
        "container-title": TITLE,
        "issued": {"date-parts": [[2014, 3]]},
        "note": note,
        "URL": iri,
    }
    return {"plain": plain, "bibtex": bibtex, "csl": json.dumps(csl, indent=2, ensure_ascii=False)}


def title_of(figure):
    """A figure's title: what is counted, where, when, and the number with its hedge."""
    about = ", ".join(part for part in (figure.names["indicator"], figure.placed, figure.dated) if part)
    return f"{about[:1].upper()}{about[1:]}: {figure.text} ({figure.names['subject']})"


TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _tex(text):
    return "".join(TEX.get(character, character) for character in " ".join(text.split()))
