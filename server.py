"""The Flask entry for any WSGI server: `flask --app server run`, `gunicorn server:app`. `incsr serve` is faster."""

from incsr.app import create_app

app = create_app()
