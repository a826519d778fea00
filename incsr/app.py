"""The factory: the one place where the parts meet in a Flask application.

    app = create_app()

evaluates nothing in its own process: the first request that needs an answer starts the pool.
"""

import atexit
import uuid

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from incsr import headers
from incsr.config import settings_from
from incsr.log import Log
from incsr.workers.executors import PoolExecutor


def create_app(settings=None, executor=None) -> Flask:
    """The application with the pages and the endpoint.

    `settings` come from the environment where none are given; `executor` is a guarded pool of its own,
    started when it is first needed, where none is given.
    """
    from incsr import endpoint, pages, questions, sources

    settings = settings or settings_from()
    if executor is None:
        executor = PoolExecutor(settings, Log(settings.log))
        atexit.register(executor.close)
    app = Flask("incsr", static_url_path=f"{settings.url_prefix}/static")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
    app.extensions["incsr"] = executor
    graph = pages.Graph(executor.run, executor.version)
    site = pages.Site(graph, sources.texts(), questions.read_all(), settings)
    prefix = settings.url_prefix or None
    app.register_blueprint(endpoint.blueprint(executor, settings), url_prefix=prefix)
    app.register_blueprint(pages.blueprint(site), url_prefix=prefix)

    @app.after_request
    def complete(response):
        # Iterated as they are, the headers give pairs, not names.
        for name, value in headers.missing(name.lower() for name, _value in response.headers):
            response.headers[name] = value
        response.headers.setdefault("X-Request-Id", request.headers.get("X-Request-Id") or uuid.uuid4().hex)
        return response

    return app
