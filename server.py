"""The Flask entry for any WSGI server, such as `flask --app server run`; `incsr serve` is the faster one."""

from incsr.app import create_app

app = create_app()
