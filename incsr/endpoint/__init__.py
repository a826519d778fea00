"""The endpoint over HTTP: SPARQL 1.1 Protocol, Graph Store Protocol, service description, OpenAPI.

`protocol.plan` and `protocol.finish` are the whole of it, without I/O; `blueprint` serves them from Flask.
"""


def blueprint(executor, settings):
    """The Flask blueprint. Flask is imported here, so that the asynchronous front does without it."""
    from incsr.endpoint.views import make

    return make(executor, settings)
