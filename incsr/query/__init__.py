"""Query text -> result, within limits; refuses what is not served.

`guard` reads tokens and refuses what would crash the engine or reach the network; `evaluate` has `answer`
and `apply`, which the workers call. Knows no HTTP.
"""
