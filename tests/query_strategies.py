"""Generated data and queries: small enough to collide, rich enough to differ.

`DATA` gives TriG of three graphs that share triples; `QUERIES` gives (query, kind of comparison).
"""

import os

from hypothesis import strategies as st


def examples(usual):
    """How many examples a property is tried on: `usual`, or what FUZZ_EXAMPLES says."""
    return int(os.environ.get("FUZZ_EXAMPLES", usual))


SUBJECTS = [":a", ":b", ":c", ":d"]
PREDICATES = [":p", ":q", ":r"]
NUMBERS = ["1", "2", "10", "-3", "1.5", "2.5"]
SPELLED = ["01", "1.0", "1.50", "2.50", '"1"^^xsd:byte', "1.0E0"]
STRINGS = ['"x"', '"y"', '"x"@en', '"10"']
GRAPHS = ["g:one", "g:two", "g:three"]
VARIABLES = ["?x", "?y", "?z", "?w"]


def data(values):
    """TriG whose objects are among `values` and the subjects."""
    triple = st.tuples(
        st.sampled_from(SUBJECTS), st.sampled_from(PREDICATES), st.sampled_from([*values, *SUBJECTS])
    ).map(lambda parts: f"{' '.join(parts)} .")
    graph = st.lists(triple, min_size=1, max_size=7).map(" ".join)
    return st.lists(graph, min_size=3, max_size=3).map(
        lambda graphs: "\n".join(f"{name} {{ {text} }}" for name, text in zip(GRAPHS, graphs, strict=True))
    )


def _term(values):
    return st.one_of(st.sampled_from(VARIABLES), st.sampled_from([*SUBJECTS, *values]))


# rdflib refuses the inverse in a negated set; tests/test_query_paths.py asks for it.
PATHS = st.sampled_from([
    ":p", ":q", ":p/:q", "^:p", ":p|:q", ":p+", "(:p|:q)+", "^:p/:q", "!:p", "!(:p|:q)", ":p?", ":p*",
    ":p|:p", ":p|^:q", "^(:p|:r)", ":p/(:q|:r)", "(:p|:q)/^:r", "(:p/:q)|:r|:q", "!:q/(:p|!:r)",
])  # fmt: skip


def triples(values, paths=True):
    """One triple pattern."""
    verbs = st.one_of(st.sampled_from(PREDICATES), st.just("?v"))
    verb = st.one_of(verbs, verbs, verbs, PATHS) if paths else verbs
    subject = st.one_of(st.sampled_from(VARIABLES), st.sampled_from(VARIABLES), st.sampled_from(SUBJECTS))
    return st.tuples(subject, verb, _term(values)).map(lambda parts: f"{' '.join(parts)} .")


def expressions(values):
    """A boolean expression over the variables."""
    atom = st.one_of(
        st.tuples(
            st.sampled_from(VARIABLES),
            st.sampled_from(["=", "!=", "<", ">", "<=", ">="]),
            st.one_of(st.sampled_from(VARIABLES), st.sampled_from(["1", "2", "1.5", "10", '"x"'])),
        ).map(" ".join),
        st.tuples(
            st.sampled_from(VARIABLES), st.sampled_from(["+", "*", "-"]), st.sampled_from(["1", "2"])
        ).map(lambda parts: f"{' '.join(parts)} > 2"),
        st.sampled_from(VARIABLES).map(lambda name: f"BOUND({name})"),
        st.sampled_from(VARIABLES).map(lambda name: f"isLITERAL({name})"),
        st.sampled_from(VARIABLES).map(lambda name: f"isNUMERIC({name})"),
        st.sampled_from(VARIABLES).map(lambda name: f"STRLEN(STR({name})) > 2"),
        st.sampled_from(VARIABLES).map(lambda name: f"{name} IN (1, 1.5, :a)"),
        st.sampled_from(VARIABLES).map(lambda name: f"DATATYPE({name}) = xsd:integer"),
        st.tuples(st.sampled_from(VARIABLES), _term(values)).map(lambda two: f"sameTerm({two[0]}, {two[1]})"),
    )
    return st.recursive(
        atom,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda three: f"({' '.join(three)})"),
            inner.map(lambda one: f"!({one})"),
        ),
        max_leaves=3,
    )


def careful(values):
    """A boolean expression that asks for numbers before it compares: what others give is not at stake."""
    name = st.sampled_from(VARIABLES)
    sign = st.sampled_from(["=", "!=", "<", ">", "<=", ">="])
    atom = st.one_of(
        st.tuples(name, sign, st.sampled_from(["1", "2", "1.5", "10"])).map(
            lambda three: f"(COALESCE(isNUMERIC({three[0]}), false) && {' '.join(three)})"
        ),
        st.tuples(name, sign, name).map(
            lambda three: (
                f"(COALESCE(isNUMERIC({three[0]}) && isNUMERIC({three[2]}), false) && {' '.join(three)})"
            )
        ),
        st.tuples(name, st.sampled_from(["+", "-", "*"])).map(
            lambda two: f"(COALESCE(isNUMERIC({two[0]}), false) && {two[0]} {two[1]} 2 > 1)"
        ),
        name.map(lambda one: f"BOUND({one})"),
        name.map(lambda one: f"COALESCE(isLITERAL({one}), false)"),
        name.map(lambda one: f"STRLEN(STR({one})) > 3"),
        name.map(lambda one: f"{one} IN (:a, :b)"),
        name.map(lambda one: f"DATATYPE({one}) = xsd:integer"),
        st.tuples(name, st.sampled_from([*SUBJECTS, *values])).map(lambda two: f"sameTerm({', '.join(two)})"),
    )
    return st.recursive(
        atom,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda three: f"({' '.join(three)})"),
            inner.map(lambda one: f"!({one})"),
        ),
        max_leaves=3,
    )


def groups(values, graphs=True, paths=True, expressions=expressions):
    """The inside of a group graph pattern."""
    block = st.lists(triples(values, paths), min_size=1, max_size=3).map(" ".join)

    def around(inner):
        options = [
            st.tuples(inner, block).map(lambda two: f"{two[0]} OPTIONAL {{ {two[1]} }}"),
            st.tuples(inner, block).map(lambda two: f"{{ {two[0]} }} UNION {{ {two[1]} }}"),
            st.tuples(block, inner).map(lambda two: f"{two[0]} MINUS {{ {two[1]} }}"),
            st.tuples(inner, expressions(values)).map(lambda two: f"{two[0]} FILTER({two[1]})"),
            st.tuples(inner, block).map(lambda two: f"{two[0]} FILTER NOT EXISTS {{ {two[1]} }}"),
            st.tuples(inner, st.sampled_from(VARIABLES), st.sampled_from(SUBJECTS)).map(
                lambda three: f"{three[0]} VALUES {three[1]} {{ {three[2]} :b }}"
            ),
            st.tuples(inner, st.sampled_from(VARIABLES)).map(
                lambda two: f"{two[0]} BIND({two[1]} + 1 AS ?n)"
            ),
        ]
        if graphs:
            options += [
                st.tuples(st.sampled_from(GRAPHS), inner).map(lambda two: f"GRAPH {two[0]} {{ {two[1]} }}"),
                block.map(lambda one: f"GRAPH ?g {{ {one} }}"),
            ]
        return st.one_of(options)

    return st.one_of(block, around(block), around(around(block)))


FROM = st.sampled_from(
    ["", "", "FROM g:one FROM g:two", "FROM g:one", "FROM g:one FROM g:two FROM NAMED g:three"]
)


def queries(values, graphs=True, paths=True, expressions=expressions):
    """A SELECT of everything that has a name, or of aggregates, on some dataset."""
    group = groups(values, graphs, paths, expressions)
    plain = st.tuples(FROM, group, st.sampled_from(["", "DISTINCT"])).map(
        lambda parts: f"SELECT {parts[2]} ?x ?y ?z ?w {parts[0]} WHERE {{ {parts[1]} }}"
    )
    counted = st.tuples(FROM, group, st.sampled_from(["SUM", "MIN", "MAX", "COUNT"])).map(
        lambda parts: (
            f"SELECT ?x (COUNT(?y) AS ?c) (COUNT(DISTINCT ?y) AS ?d) ({parts[2]}(?y) AS ?a) {parts[0]} "
            f"WHERE {{ {parts[1]} FILTER(isNUMERIC(?y)) }} GROUP BY ?x"
        )
    )
    return st.one_of(plain, plain, counted)
