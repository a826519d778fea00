"""Who acts in the soak: each is a loop until `stop`, with a pause, so that the machine stays usable."""

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import requests

from incsr import questions
from soak.texts import ALLOWED, REFUSED, RUNAWAYS, mutated
from tests.servers import running

JSON = "application/sparql-results+json"
BROKEN_OFF = "kept connections broken off"
GRACE_S = 2.0  # over the deadline, on a machine that is busy


def post(server, text, accept="text/csv", timeout=30):
    return requests.post(
        f"{server.url}/sparql", data={"query": text}, headers={"Accept": accept}, timeout=timeout
    )


def same(expected, got):
    """Whether two rows of CSV agree, numbers by value."""
    if len(expected) != len(got):
        return False
    for left, right in zip(expected, got, strict=True):
        if left == right:
            continue
        try:
            if float(left) != float(right):
                return False
        except ValueError:
            return False
    return True


def ask(server, record, stop, rng):
    """Questions with known answers; a busy service may refuse, but never answer wrongly."""
    known = questions.read_all()
    while not stop.is_set():
        question = rng.choice(known)
        began = time.monotonic()
        try:
            answer = post(server, question.query)
        except requests.RequestException as error:
            record.fault(f"{question.name}: {type(error).__name__}: {error}")
            continue
        if answer.status_code == 200:
            record.latencies.append(time.monotonic() - began)
            rows = list(csv.reader(io.StringIO(answer.text, newline="")))[1:]
            if len(rows) == len(question.rows) and all(map(same, question.rows, rows)):
                record.count("known questions answered rightly")
            else:
                record.fault(f"wrong answer to {question.name}: {rows[:3]}")
        elif answer.status_code in (500, 503, 504):
            record.count(f"known questions put off with {answer.status_code}")
        else:
            record.fault(f"{question.name} got {answer.status_code}: {answer.text[:200]}")
        stop.wait(rng.uniform(0.05, 0.3))


def solutions(answer):
    """What a JSON answer says, in any order."""
    said = answer.json()
    rows = said.get("results", {}).get("bindings", [])
    return said["head"], said.get("boolean"), sorted(json.dumps(row, sort_keys=True) for row in rows)


def stay(server, record, stop, rng):
    """A client that keeps its connection and asks fast, so that clerks answer: as an evaluator would."""
    known = [question.query for question in questions.read_all()]
    expected = {}
    with requests.Session() as session:
        session.headers["Accept"] = JSON
        while not stop.is_set():
            asked = rng.sample(known, 12)
            for question in rng.choices(asked, k=rng.randint(50, 400)):
                # Half of them as never before, so that they are evaluated.
                text = question if rng.random() < 0.5 else f"{question}\n# {rng.randrange(10**9)}"
                try:
                    if question not in expected:
                        answer = post(server, question, accept=JSON)
                    else:
                        answer = session.get(f"{server.url}/sparql", params={"query": text}, timeout=30)
                except requests.RequestException as error:
                    # Where the clerk is killed while it writes, the connection is reset.
                    record.count(f"{BROKEN_OFF} ({type(error).__name__})")
                    if isinstance(error, requests.Timeout):
                        record.fault(f"no answer in 30 s on a kept connection: {text[:200]!r}")
                    continue
                if answer.status_code != 200:
                    record.count(f"kept connections: put off with {answer.status_code}")
                    if answer.status_code not in (500, 503, 504):
                        record.fault(f"a kept connection got {answer.status_code}: {answer.text[:200]}")
                    continue
                try:
                    said = solutions(answer)
                except (ValueError, KeyError) as error:
                    record.fault(f"no JSON of solutions on a kept connection: {error}: {text[:200]!r}")
                    continue
                if said != expected.setdefault(question, said):
                    record.fault(f"another answer on a kept connection: {text[:200]!r}")
                else:
                    record.count("kept connections: answers that agree")
            stop.wait(rng.uniform(0.05, 1))


def run_away(server, record, stop, rng):
    """Queries without end are ended at the deadline, with a clean 503 or 504."""
    while not stop.is_set():
        text = rng.choice(RUNAWAYS) + f" # {rng.random()}"
        began = time.monotonic()
        try:
            answer = post(server, text, accept="*/*")
        except requests.RequestException as error:
            # A stream that is broken off is how a client learns of half an answer.
            record.count(f"runaways broken off ({type(error).__name__})")
            continue
        took = time.monotonic() - began
        record.count(f"runaways ended with {answer.status_code}")
        if answer.status_code == 200 and took > GRACE_S:
            record.fault(f"a runaway was answered with 200 after {took:.1f} s")
        if answer.status_code not in (200, 422, 500, 503, 504):
            record.fault(f"a runaway got {answer.status_code}: {answer.text[:200]}")
        if took > 1.5 + GRACE_S:
            record.fault(f"a runaway was ended after {took:.1f} s")
        stop.wait(rng.uniform(0.5, 4))


def refuse(server, record, stop, rng):
    """Texts that must be refused are refused at once."""
    while not stop.is_set():
        text, statuses = rng.choice(REFUSED)
        try:
            answer = post(server, text)
        except requests.RequestException as error:
            record.fault(f"a text to refuse: {type(error).__name__}: {error}")
            continue
        if answer.status_code in statuses | {503}:
            record.count("texts refused")
        else:
            record.fault(f"{text[:60]!r} got {answer.status_code}")
        stop.wait(rng.uniform(0.2, 1.5))


def mutate(server, record, stop, rng):
    """Nonsense near to sense gets a status that the protocol has, and a body of the type it says."""
    known = questions.read_all()
    while not stop.is_set():
        text = mutated(rng.choice(known).query, rng)
        try:
            answer = post(server, text, accept="application/sparql-results+json, */*;q=0.1")
        except requests.RequestException as error:
            record.count(f"mutants broken off ({type(error).__name__})")
            continue
        record.count(f"mutants: {answer.status_code}")
        if answer.status_code not in ALLOWED or "problem/internal" in answer.text:
            record.fault(f"a mutant got {answer.status_code}: {text[:200]!r}")
        elif "json" in answer.headers.get("Content-Type", ""):
            try:
                answer.json()
            except ValueError:
                record.fault(f"a mutant got ill-formed JSON: {text[:200]!r}")
        stop.wait(rng.uniform(0.1, 0.6))


def vanish(server, record, stop, rng):
    """Clients that go away in the middle of a request or of an answer."""
    while not stop.is_set():
        body = b"query=SELECT * { ?a ?b ?c . ?d ?e ?f }"
        head = "\r\n".join(
            (
                "POST /sparql HTTP/1.1",
                "Host: x",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}\r\n\r\n",
            )
        )
        try:
            with socket.create_connection(("127.0.0.1", server.port), 5) as client:
                client.sendall(head.encode() + body[: rng.randint(0, len(body))])
                if rng.random() < 0.5:
                    client.sendall(body)
                    client.settimeout(0.5)
                    client.recv(1000)
        except OSError:
            pass
        record.count("clients that vanished")
        stop.wait(rng.uniform(0.5, 3))


def kill(server, record, stop, rng):
    """Evaluators die by another hand."""
    while not stop.wait(rng.uniform(5, 20)):
        children = [pid for pid in server.processes() if pid != server.pid]
        # The mother is the child of the front; the evaluators are hers.
        evaluators = [pid for pid in children if parent(pid) != server.pid]
        if evaluators:
            try:
                os.kill(rng.choice(evaluators), signal.SIGKILL)
                record.count("evaluators killed")
            except ProcessLookupError:
                pass


FUZZERS = ("tests/test_fuzz.py", "tests/test_query_against_rdflib.py", "tests/test_query_paths.py")


def fuzz(server, record, stop, rng):
    """Hypothesis and Schemathesis on servers of their own, with other seeds and more examples each time."""
    environment = os.environ | {"FUZZ_EXAMPLES": "300"}
    while not stop.is_set():
        seed = rng.randrange(2**32)
        command = ["nice", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FUZZERS]
        with tempfile.TemporaryFile("w+") as output:
            run = subprocess.Popen(
                [*command, f"--hypothesis-seed={seed}"], stdout=output, stderr=output, env=environment
            )
            while run.poll() is None and not stop.wait(1):
                pass
            if run.poll() is None:
                run.terminate()
                run.wait()
                return
            output.seek(0)
            if run.returncode == 0:
                record.count("rounds of the fuzzers")
            else:
                record.fault(f"the fuzzers failed with seed {seed}: {output.read()[-600:]}")


def parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def memory(server):
    """Bytes of memory that the server's processes have for themselves alone."""
    total = 0
    for pid in server.processes():
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Private_Clean", "Private_Dirty")):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def last_words(server, record):
    """At the end the service is alive, and nothing burns a core."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{server.url}/health/ready", timeout=5).status_code == 200:
                break
        except requests.RequestException:
            pass
        time.sleep(0.5)
    else:
        record.fault("the service is not ready at the end")
    time.sleep(3)
    before, began = ticks(server), time.monotonic()
    time.sleep(3)
    share = (ticks(server) - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)
    if share > 0.2:
        record.fault(f"at rest the service uses {share:.0%} of a core")
    resets = sum(number for name, number in record.counts.items() if name.startswith(BROKEN_OFF))
    if resets > record.counts["evaluators killed"]:
        record.fault(f"{resets} kept connections were broken off, more than processes were killed")
    try:
        metrics = requests.get(f"{server.url}/metrics", timeout=20).text
    except requests.RequestException as error:
        record.fault(f"no metrics at the end: {error}")
        return
    told = re.search(r"^incsr_clerk_answers_total (\S+)$", metrics, re.M)
    record.counts["answers of clerks"] = int(float(told[1])) if told else 0
    if not record.counts["answers of clerks"]:
        record.fault("no clerk has answered")


def ticks(server):
    total = 0
    for pid in server.processes():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total


class Writing:
    """A store on disk that is written to, while its server is killed and started again."""

    COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH <urn:soak> { ?s <urn:p> ?o } }"

    def __init__(self, folder, record):
        self.folder = folder
        self.record = record
        self.held = ExitStack()
        self.server = None
        self.acknowledged = 0
        self.doubtful = 0  # sent, and never answered: may stand or not

    def start(self):
        self.server = self.held.enter_context(running("--store", self.folder, "--timeout", "5", token="soak"))

    def run(self, stop, rng):
        self.start()
        number = 0
        next_kill = time.monotonic() + 45
        while not stop.wait(rng.uniform(0.2, 1.0)):
            if time.monotonic() > next_kill:
                next_kill = time.monotonic() + rng.uniform(40, 80)
                self.server.process.kill()
                self.server.process.wait()
                self.held.close()
                self.start()
                self.record.count("stores killed and started again")
                self.check()
            number += 1
            update = f"INSERT DATA {{ GRAPH <urn:soak> {{ <urn:s{number}> <urn:p> {number} }} }}"
            try:
                answer = requests.post(
                    f"{self.server.url}/update",
                    data={"update": update},
                    headers=self.server.authorization(),
                    timeout=20,
                )
            except requests.RequestException:
                self.doubtful += 1
                continue
            if answer.status_code in (200, 204):
                self.acknowledged += 1
                self.record.count("writes acknowledged")
            elif answer.status_code in (503, 504):
                self.doubtful += 1
                self.record.count(f"writes put off with {answer.status_code}")
            else:
                self.record.fault(f"a write got {answer.status_code}: {answer.text[:200]}")
            if number % 20 == 0:
                self.check()
        # Here, since the server ends with the thread that started it.
        self.check()

    def check(self):
        """Every acknowledged write is seen."""
        for _ in range(20):
            try:
                answer = post(self.server, self.COUNT)
            except requests.RequestException as error:
                self.record.fault(f"the store cannot be asked: {error}")
                return
            if answer.status_code == 200:
                break
            time.sleep(0.5)
        found = int(answer.text.split()[1])
        if not self.acknowledged <= found <= self.acknowledged + self.doubtful:
            self.record.fault(
                f"{found} writes stand, {self.acknowledged} were acknowledged, {self.doubtful} are in doubt"
            )
        else:
            self.record.count("times that all acknowledged writes stood")

    def close(self):
        self.held.close()
