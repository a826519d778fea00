"""Quotations against the source text: does every fact stand where it says, and is the text covered?

`source` knows the text (offsets, sentences, `locate`, `context`), `numbers` and `reading` read figures off
it, `graph` and `names` read the graph, `quotations` and `figures` compare the two, `coverage` measures what
is left, `passages` writes the passages file, `verification` joins them, `published` finds the files.
"""
