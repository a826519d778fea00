"""`--store DIR`: what is acknowledged is there after any end, and nothing else is."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pyoxigraph as ox
import pytest
import requests

from incsr.store import disk
from incsr.store.disk import Directory, Generation, StoreError
from incsr.workers import bulk
from incsr.workers.evaluator import problem_of

TOKEN = "secret"


def update(server, text, **parameters):
    return requests.post(
        server.url + "/update",
        params=parameters,
        data=text.encode(),
        headers=server.authorization() | {"Content-Type": "application/sparql-update"},
        timeout=60,
    )


def numbers(server) -> list[int]:
    query = "SELECT ?n WHERE { <http://example.org/s> <http://example.org/p> ?n } ORDER BY ?n"
    response = requests.get(server.url + "/sparql", params={"query": query}, timeout=60)
    response.raise_for_status()
    return [int(row["n"]["value"]) for row in response.json()["results"]["bindings"]]


def insert(number):
    return f"INSERT DATA {{ <http://example.org/s> <http://example.org/p> {number} }}"


def test_a_full_disk_is_said_to_be_full():
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as full:
        full.write(b"x")

    # The engine repeats what the system said: "IO error: No space left on device: …".
    for error in (caught.value, OSError(f"IO error: {caught.value.strerror}: While appending to file")):
        problem = problem_of(error)
        assert (problem.status, problem.code) == (507, "storage-full")


def test_writes_are_there_after_a_restart_and_earlier_generations_are_not(serve, tmp_path):
    store = tmp_path / "store"
    first = serve("--empty", "--store", store, token=TOKEN)
    for number in range(3):
        assert update(first, insert(number)).status_code == 204
        assert numbers(first) == list(range(number + 1))

    assert first.terminate() == 0
    second = serve("--empty", "--store", store)

    assert numbers(second) == [0, 1, 2]
    assert len(os.listdir(store / "generations")) == 1


def test_a_new_store_is_loaded_with_the_published_graph(serve, tmp_path):
    server = serve("--store", tmp_path / "store")
    query = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH <https://w3id.org/incsr/graph/incsr2014> { ?s ?p ?o } }"

    response = requests.get(server.url + "/sparql", params={"query": query}, timeout=60)

    assert int(response.json()["results"]["bindings"][0]["n"]["value"]) > 500


def test_no_acknowledged_write_is_lost_to_sigkill(serve, tmp_path):
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN)
    acknowledged, tried = [], []

    def write():
        for number in range(1000):
            tried.append(number)
            try:
                if update(server, insert(number)).status_code == 204:
                    acknowledged.append(number)
            except requests.RequestException:
                return

    writing = threading.Thread(target=write)
    writing.start()
    while len(acknowledged) < 4:
        time.sleep(0.01)
    for pid in server.processes():
        with suppress(ProcessLookupError):  # writers and evaluators come and go
            os.kill(pid, signal.SIGKILL)
    writing.join()
    found = numbers(serve("--empty", "--store", store))

    assert set(acknowledged) <= set(found) <= set(tried)


def test_an_update_that_runs_away_leaves_the_store_as_it_was(serve, tmp_path):
    server = serve("--store", tmp_path / "store", token=TOKEN)
    assert update(server, insert(1)).status_code == 204
    runaway = """DELETE DATA { <http://example.org/s> <http://example.org/p> 1 } ;
        INSERT { <http://example.org/s> <http://example.org/p> ?n }
        WHERE { SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"""

    response = update(server, runaway, timeout="0.5")

    assert response.status_code == 504
    assert numbers(server) == [1]
    assert update(server, insert(2)).status_code == 204
    assert numbers(server) == [1, 2]


def test_a_directory_in_use_is_said_to_be_in_use(serve, tmp_path):
    serve("--empty", "--store", tmp_path / "store")
    command = [sys.executable, "-m", "incsr.cli", "serve", "--port", "0", "--store", str(tmp_path / "store")]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 2
    assert "is in use by another incsr serve" in ended.stderr


@pytest.mark.parametrize("mode", ["strict", "union"])
def test_a_directory_of_the_other_mode_is_refused(serve, tmp_path, mode):
    first = serve("--empty", "--store", tmp_path / "store", "--default-graph", mode)
    assert first.terminate() == 0
    other = {"strict": "union", "union": "strict"}[mode]
    command = [sys.executable, "-m", "incsr.cli", "serve", "--port", "0", "--default-graph", other, "--store"]

    ended = subprocess.run([*command, str(tmp_path / "store")], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 2
    assert f"was made with --default-graph {mode}" in ended.stderr


def test_a_directory_with_other_things_is_refused(tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    command = [sys.executable, "-m", "incsr.cli", "serve", "--port", "0", "--store", str(tmp_path)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 2
    assert "letters.txt" in ended.stderr
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_data_that_cannot_be_loaded_again_is_said_at_once_and_tried_again(serve, tmp_path):
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN)
    assert update(server, insert(1)).status_code == 204
    current = (store / "CURRENT").read_bytes()

    def ask():
        return requests.get(server.url + "/sparql", params={"query": f"ASK {{}} #{time.time()}"}, timeout=60)

    (store / "CURRENT").write_text("damaged")
    os.kill(server.processes()[1], signal.SIGKILL)
    end = time.monotonic() + 30
    while "the data cannot be loaded" not in server.log():
        assert time.monotonic() < end
        time.sleep(0.05)

    began = time.monotonic()
    refused = ask()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert refused.json()["title"] == "Service has lost its data"
    assert update(server, insert(2)).status_code == 503
    assert requests.get(server.url + "/health/ready", timeout=60).status_code == 503
    assert time.monotonic() - began < 5

    (store / "CURRENT").write_bytes(current)
    while ask().status_code != 200:
        assert time.monotonic() < end + 30
        time.sleep(0.1)
    assert numbers(server) == [1]


FATAL = """
import os, sys
EARLY = {early}
if "incsr.workers.mother" in sys.orig_argv:
    from incsr.store.disk import Directory
    commit = Directory.commit
    def committed(self, generation):
        if generation.writes and EARLY:
            os._exit(3)
        commit(self, generation)
        if generation.writes:
            os._exit(3)
    Directory.commit = committed
"""


def test_a_write_whose_process_ends_after_the_deed_is_acknowledged(serve, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(FATAL.format(early=False))
    server = serve("--empty", "--store", tmp_path / "store", token=TOKEN, env={"PYTHONPATH": str(tmp_path)})

    assert update(server, insert(1)).status_code == 204
    assert numbers(server) == [1]
    assert update(server, insert(2)).status_code == 204
    assert numbers(server) == [1, 2]


def test_a_write_whose_process_ends_before_the_deed_has_changed_nothing(serve, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(FATAL.format(early=True))
    server = serve("--empty", "--store", tmp_path / "store", token=TOKEN, env={"PYTHONPATH": str(tmp_path)})
    response = update(server, insert(1))

    assert response.status_code == 500
    assert "/crashed" in response.text and "Nothing was changed" in response.text
    assert numbers(server) == []


def count(server) -> int:
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    response = requests.get(server.url + "/sparql", params={"query": query}, timeout=60)
    return int(response.json()["results"]["bindings"][0]["n"]["value"])


def kept_counts(store):
    """The files of counts in a store's directory."""
    return list(store.glob("generations/*/counts.json"))


def test_counts_stay_with_the_data_they_are_of_and_no_longer(serve, tmp_path):
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN)
    text = "".join(f"<http://example.org/s> <http://example.org/p> {number} .\n" for number in range(50_000))
    headers = server.authorization() | {"Content-Type": "text/turtle"}
    assert requests.put(server.url + "/store?default", text, headers=headers, timeout=60).status_code == 204
    assert count(server) == 50_000
    end = time.monotonic() + 30
    while not kept_counts(store) and time.monotonic() < end:
        time.sleep(0.05)
    server.terminate()
    [kept] = kept_counts(store)
    assert "50000" in kept.read_text()

    # Another number in the file shows whether it is read.
    kept.write_text(kept.read_text().replace("50000", "4711"))
    server = serve("--empty", "--store", store, token=TOKEN)
    assert count(server) == 4711
    assert update(server, insert(-1)).status_code == 204
    assert count(server) == 50_001
    server.terminate()

    assert count(serve("--empty", "--store", store)) == 50_001


@pytest.mark.parametrize(
    "held", ["", "{}", "7", '"[]"', '[[7, 7], "no JSON"]', "[7]", "\x00", '["[[7, 7]]"]']
)
def test_counts_that_cannot_be_read_are_counted_anew(serve, tmp_path, held):
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN)
    assert update(server, insert(1)).status_code == 204
    server.terminate()
    [generation] = (store / "generations").iterdir()
    (generation / "counts.json").write_text(held)

    assert count(serve("--empty", "--store", store)) == 1


def test_a_version_does_not_come_again_after_a_backup_is_restored(serve, tmp_path):
    store, backup = tmp_path / "store", tmp_path / "backup"
    first = serve("--empty", "--store", store, token=TOKEN)
    assert update(first, insert(1)).status_code == 204
    first.terminate()
    shutil.copytree(store, backup)

    def tag_after(directory, number):
        server = serve("--empty", "--store", directory, token=TOKEN)
        assert update(server, insert(number)).status_code == 204
        query = {"query": "SELECT * WHERE { ?s ?p ?o }"}
        tag = requests.get(server.url + "/sparql", params=query, timeout=60).headers["ETag"]
        server.terminate()
        return tag

    assert tag_after(store, 2) != tag_after(backup, 3)


FULL = """
import os, sys
if "incsr.workers.mother" in sys.orig_argv:
    from incsr.store import disk
    original = disk.{name}
    def failing(*arguments, **more):
        found = original(*arguments, **more)
        if {when}:
            raise OSError(28, "No space left on device")
        return found
    disk.{name} = failing
"""


def test_a_disk_that_is_full_before_the_deed_is_said_and_leaves_nothing_behind(serve, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        FULL.format(name="Directory.begin", when='arguments[-1] != "00000001"')
    )
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN, env={"PYTHONPATH": str(tmp_path)})
    response = update(server, insert(1))

    assert (response.status_code, numbers(server)) == (507, [])
    assert [path.name for path in (store / "generations").iterdir()] == ["00000001"]


def test_a_sync_that_fails_after_the_deed_undoes_nothing(serve, tmp_path):
    # The third folder to be synced is that which CURRENT stands in.
    when = 'str(arguments[0]).endswith("store") and os.path.exists(f"{arguments[0]}/generations/00000002")'
    (tmp_path / "sitecustomize.py").write_text(FULL.format(name="_sync", when=when))
    store = tmp_path / "store"
    server = serve("--empty", "--store", store, token=TOKEN, env={"PYTHONPATH": str(tmp_path)})

    assert update(server, insert(1)).status_code == 204
    assert numbers(server) == [1]
    # A power cut may undo the renaming, and then the generation before is what CURRENT names.
    assert {path.name for path in (store / "generations").iterdir()} == {"00000001", "00000002"}
    server.terminate()
    assert numbers(serve("--empty", "--store", store)) == [1]
    assert [path.name for path in (store / "generations").iterdir()] == ["00000002"]


def test_a_generation_stays_where_nobody_can_know_whether_itis_current(tmp_path):
    directory = Directory(tmp_path)
    one, two = (Generation(name, True, "a", 0, "") for name in ("00000001", "00000002"))
    for generation in (one, two):
        directory.begin(generation.name)
    directory.commit(one)

    def left():
        return sorted(path.name for path in (tmp_path / "generations").iterdir())

    (tmp_path / "CURRENT").write_text("{", "utf-8")
    directory.abandon(two)
    assert left() == ["00000001", "00000002"]

    directory.commit(one)
    directory.abandon(two)
    directory.abandon(one)
    assert left() == ["00000001"]


def test_a_commit_that_fails_says_why_also_where_current_cannot_be_read(tmp_path, monkeypatch):
    directory, one = Directory(tmp_path), Generation("00000001", True, "a", 0, "")
    directory.begin(one.name)
    (tmp_path / "CURRENT").write_text("{", "utf-8")

    def failing(_folder):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk, "_sync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        directory.commit(one)


def test_a_full_disk_is_not_said_of_the_file_that_is_loaded(tmp_path, monkeypatch):
    """By the way that goes quad by quad, too."""

    class Full:
        def bulk_extend(self, quads):
            list(quads)
            raise OSError(28, "No space left on device")

    file = tmp_path / "some.nt"
    file.write_text("<urn:s> <urn:p> <urn:o> .\n", "utf-8")
    with pytest.raises(OSError, match="No space left on device"):
        bulk.exactly(Full(), [(file, bulk.format_of(file))], ox.DefaultGraph(), False, lambda _: None)

    monkeypatch.setattr(bulk, "_filled", lambda *_: Full().bulk_extend(()))
    with pytest.raises(StoreError, match=r"store cannot be written: .*No space.*; nothing was loaded"):
        bulk.load([file], tmp_path / "store", None, "strict", lambda _: None)


def test_what_a_first_loading_left_that_was_broken_off_is_no_strangers(serve, tmp_path):
    store = tmp_path / "store"
    (store / "generations" / "00000001").mkdir(parents=True)
    (store / "CURRENT.new").touch()

    assert numbers(serve("--empty", "--store", store)) == []
    assert not (store / "CURRENT.new").exists()


@pytest.mark.parametrize(
    ("when", "stays"),
    [
        pytest.param('str(arguments[0]).endswith("00000001")', [], id="before the deed"),
        pytest.param(
            'str(arguments[0]).endswith("store") and os.path.exists(f"{arguments[0]}/CURRENT")',
            ["00000001"],
            id="after the deed",
        ),
    ],
)
def test_a_disk_that_is_full_at_the_end_of_loading_is_told(tmp_path, when, stays):
    (tmp_path / "sitecustomize.py").write_text(
        FULL.format(name="_sync", when=when).replace(
            '"incsr.workers.mother" in sys.orig_argv', '"load" in sys.orig_argv'
        )
    )
    store, file = tmp_path / "store", tmp_path / "some.nt"
    file.write_text("<urn:s> <urn:p> <urn:o> .\n")

    ended = subprocess.run(
        [sys.executable, "-m", "incsr.cli", "load", "--store", store, file],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "Traceback" not in ended.stderr
    assert (ended.returncode == 0) == bool(stays)
    assert ("No space left on device" in ended.stderr) == (not stays)
    assert sorted(path.name for path in (store / "generations").iterdir()) == stays
