"""One government report as knowledge: its graph, its evidence, its guarded SPARQL endpoint."""

__version__ = "0.1.0"
