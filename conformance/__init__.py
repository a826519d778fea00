"""The W3C's SPARQL 1.0 and 1.1 suites, run over HTTP against a started server.

`python -m conformance SUITE` reads the manifests below SUITE, starts `incsr serve` (or takes the addresses of
another server), does what each test says by HTTP requests alone, and writes EARL and a report. The suites'
files are not part of this project.
"""
