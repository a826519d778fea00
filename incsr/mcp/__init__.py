"""Tools for agents, over the Model Context Protocol: search terms, describe, run a query, fetch the words.

Everything is read through the guarded executor, like any client's query: no tool sees more than the endpoint
gives. Answers carry IRIs and quotations. Knows no question and no answer.

Source: Model Context Protocol, https://modelcontextprotocol.io/specification.
"""
