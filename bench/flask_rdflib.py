"""The usual first version of an endpoint: Flask, rdflib, one function. `flask_rdflib.py PORT FILE`."""

import sys

from flask import Flask, Response, request
from rdflib import Graph
from waitress import serve

graph = Graph().parse(sys.argv[2], format="nt")
app = Flask(__name__)


@app.get("/sparql")
def sparql():
    result = graph.query(request.args["query"])
    if result.type in ("CONSTRUCT", "DESCRIBE"):
        return Response(result.serialize(format="nt"), mimetype="application/n-triples")
    return Response(result.serialize(format="json"), mimetype="application/sparql-results+json")


serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=4)
