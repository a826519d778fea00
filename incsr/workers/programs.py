"""Starting the processes behind the front: afresh, in a session of their own, without the write token."""

import os
import subprocess
import sys
from pathlib import Path

import incsr


def start(module: str, descriptors: list[int], stdin=subprocess.DEVNULL) -> subprocess.Popen:
    """Start a module of the package as a program; it inherits the descriptors, the first is its argument."""
    # The package's own folder goes first, so that a file of the working directory cannot stand in for it.
    paths = [str(Path(incsr.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {name: value for name, value in os.environ.items() if name != "INCSR_WRITE_TOKEN"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, str(descriptors[0])],
        pass_fds=descriptors,
        stdin=stdin,
        stdout=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
