"""Whether no two observations of a data set agree in every dimension, found by keys and not by pairs.

The specification's query for IC-12 compares each observation with each: at a few hundred of them it takes
longer than all else together. Where each observation has one value that is no literal for each dimension,
two agree exactly if their keys are equal; where one has not, the query decides.
"""

import pyoxigraph as ox

from incsr.namespaces import PREFIXES

QB = PREFIXES["qb"]
DATA_SET = ox.NamedNode(QB + "dataSet")
# As the query has it, each dimension is one that some structure of the data set names.
DIMENSIONS = f"""
    PREFIX qb: <{QB}>
    SELECT DISTINCT ?dataset ?dim WHERE {{
        ?dataset qb:structure/qb:component/qb:componentProperty ?dim . ?dim a qb:DimensionProperty }}"""


def are_excluded(store: ox.Store) -> bool:
    """Whether it is certain that a normalized store has no two such observations."""
    dimensions: dict = {}
    for solution in store.query(DIMENSIONS):
        dimensions.setdefault(solution["dataset"], []).append(solution["dim"])
    keys, observations = set(), 0
    for quad in store.quads_for_pattern(None, DATA_SET, None, None):
        if quad.object not in dimensions:
            continue
        key = [quad.object]
        for dimension in dimensions[quad.object]:
            values = [found.object for found in store.quads_for_pattern(quad.subject, dimension, None, None)]
            if len(values) != 1 or isinstance(values[0], ox.Literal):
                return False
            key += values
        observations += 1
        keys.add(tuple(key))
    return len(keys) == observations
