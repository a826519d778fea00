"""Words to things: a ranked, typo-tolerant index over names, definitions, quotations and questions.

Built once for a data version from plain entries; knows no graph, no Flask and no file. Ranking is BM25 over
weighted fields (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009), with the words of a
query widened to near spellings and prefixes at a discount.
"""

from incsr.search.index import Entry, Hit, Index

__all__ = ["Entry", "Hit", "Index"]
