"""How long the published data is judged in a process that holds its index: `python bench/judge.py TIMES`."""

import json
import sys
import time

from incsr import sources
from incsr.validation import SHAPES_GRAPH, judged
from incsr.validation.index import indexed
from incsr.validation.shapes import read


def main():
    """Print seconds for reading the shapes, indexing and judging, and what was found, as JSON."""
    graphs, texts = sources.graphs(sources.published()), sources.texts()
    began = time.perf_counter()
    rules = read(graphs[SHAPES_GRAPH])
    read_s = time.perf_counter() - began
    began = time.perf_counter()
    index = indexed(graphs, texts, leave=SHAPES_GRAPH)
    indexed_s = time.perf_counter() - began
    judged_s = []
    for _ in range(int(sys.argv[1])):
        began = time.perf_counter()
        report = judged(index, rules)
        judged_s.append(time.perf_counter() - began)
    found = {"read_s": read_s, "indexed_s": indexed_s, "judged_s": judged_s, "triples": len(index.rows)}
    print(json.dumps(found | {"results": len(report.results)}))


if __name__ == "__main__":
    main()
