"""The annotated report: the page's text as published, with the words of every fact marked."""

import re

from flask import abort, render_template, request, Response

from incsr.namespaces import PREFIXES, SOURCE_TEXT
from incsr.pages import annotate

SECTIONS = """
SELECT ?section ?kind ?start ?end WHERE {
  GRAPH graph:incsr2014 { ?section a cbp:Section ; cbp:evidence ?passage . OPTIONAL { ?section dcterms:type ?kind } }
  ?passage oa:hasSelector [ a oa:TextPositionSelector ; oa:start ?start ; oa:end ?end ] .
} ORDER BY ?start DESC(?end)
"""
FACTS = """
SELECT DISTINCT ?fact ?class ?start ?end WHERE {
  GRAPH graph:incsr2014 {
    ?fact cbp:evidence ?passage ; a ?class .
    FILTER NOT EXISTS { ?fact a cbp:Section }
  }
  ?passage oa:hasSelector [ a oa:TextPositionSelector ; oa:start ?start ; oa:end ?end ] .
}
"""
SLIPS = """
SELECT ?fact ?note WHERE {
  GRAPH graph:incsr2014 { ?fact skos:editorialNote ?note ; a ?class . FILTER NOT EXISTS { ?fact a cbp:Section } }
}
"""
