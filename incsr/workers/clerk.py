"""The process that answers quick queries on the clients' own connections, which the front has lent to it.

An answer that takes the engine 100 µs would wait longer than that for its way through two processes. So a
connection that asks plain queries one after another is lent to a clerk: an evaluator, in the same sandbox,
that holds the connection beside the front's hold on it, and answers there. It serves nothing but what the
front has served in the same words: `GET /sparql?query=…`, followed by header lines that came before, byte for
byte, for a template of queries that is known to be quick. Whatever else comes stays unread in the kernel,
and the connection goes back (`incsr.workers.desk`), where it is read as if nothing had been.

A request is looked at, and taken out of the kernel only when its answer is ready: a clerk that is killed, or
crashes, has lost nothing. Where that is in the moment of writing, the board (`incsr.workers.board`) says so.
"""

import marshal
import os
import random
import re
import select
import signal
import socket
import time
from collections import OrderedDict, deque

from incsr.conditions import tag_ground, text_tag
from incsr.encodings import WORTH_BYTES, compressed
from incsr.forms import BadEncoding, decoded
from incsr.headers import tagged
from incsr.linger import Linger
from incsr.messages import Limits, ReadJob
from incsr.namespaces import BASE
from incsr.query import quick, statistics
from incsr.query.templates import LONGEST, matched, prologue_of
from incsr.query.view import state
from incsr.workers import board as boards
from incsr.workers import terms

# What has taken at most so much processor time is quick; what takes so long here is so no more.
QUICK_US = 10_000
NO_LONGER_QUICK_S = 0.025
# A body that is larger is left to the front; one that is to be compressed, too, from a smaller size on.
LARGEST_BYTES = 256 * 1024
COMPRESSED_BYTES = 16 * 1024
RESTS_AFTER_S = 1.0
# So many connections may be about to come back with what their query cost.
MOST_PENDING = 64
TURN_S = 0.5
# Should the front be stopped itself, this ends a clerk that is stuck; it is set anew once in a while.
ALARM_AFTER_S = 5.0
# How long a clerk that is to be ended waits for that, before it looks whether it still is.
DOOMED_S = 0.001
# What a kept answer costs beside its bytes and its question.
OVERHEAD_BYTES = 500

_SAFE = re.compile(rb"[A-Za-z0-9%._~!$'()*+,;:@/?=-]*+\Z")
# The letters that a query begins with: SELECT, ASK, CONSTRUCT, DESCRIBE.
_FORMS = tuple(b"%c" % letter for letter in b"SACDsacd")
_END = b" HTTP/1.1\r\n"
# The locale is never set, so that the names are English.
_BEGIN = "HTTP/1.1 200 OK\r\ndate: %a, %d %b %Y %H:%M:%S GMT\r\n"
NOTHING = (None, False)


class Asked:
    """What header lines say, and what follows from that for a query that comes with them."""

    __slots__ = ("accept", "coding", "ground", "origin")

    def __init__(self, accept: str | None, coding: str, origin, ground: str):
        self.accept = accept
        self.coding = coding
        self.origin = origin
        self.ground = ground


class Kept:
    """An answer as it is sent, between the lines that differ each time."""

    __slots__ = ("body", "fields", "rows", "size")

    def __init__(self, fields: bytes, body: bytes, rows: int | None, asked: int):
        self.fields = fields
        self.body = body
        self.rows = rows
        self.size = len(fields) + len(body) + asked + OVERHEAD_BYTES


class Lent:
    """One connection that a clerk has."""

    __slots__ = ("number", "served", "since_s", "sock")

    def __init__(self, number: int, sock: socket.socket, now_s: float):
        self.number = number
        self.sock = sock
        self.served = 0
        self.since_s = now_s


class Clerk:
    """The process: its connections, the answers it keeps, and what it knows of header lines."""

    def __init__(self, control, board, view, settings):
        self.control = control
        self.board = board
        self.view = view
        self.known = state(view)
        self.limits = Limits(settings["timeout_s"], settings["max_rows"], settings["max_bytes"])
        self.start = b"GET " + settings["start"].encode() + b"query="
        most_bytes = settings["max_url_bytes"] - len(settings["start"]) - len("query=")
        self.longest = min(most_bytes, settings["max_query_bytes"])
        self.room = settings["cache_bytes"]
        self.keeps = settings["keeps"]
        self.asked: dict[bytes, Asked] = {}  # by header lines
        self.prologues: deque[tuple[bytes, str]] = deque(maxlen=8)  # encoded, and decoded; the last first
        self.answers: dict[tuple, bytes] = {}  # (head, origin) -> header lines of an answer
        self.held: OrderedDict[bytes, Kept] = OrderedDict()
        self.held_bytes = 0
        self.lent: dict[int, Lent] = {}  # by descriptor
        self.pending: dict[int, object] = {}  # connection -> the template whose cost the front will tell
        self.poll = select.poll()
        self.begin = b""
        self.dated = -1
        self.sink = bytearray(terms.LONGEST_BYTES)
        self.ids = random.Random(os.urandom(16))

    def run(self):
        """Serve until the front has closed the socket."""
        try:
            self.turn()
        except (BrokenPipeError, ConnectionResetError):
            return

    def turn(self):
        """Look at the front and at the connections, in turn."""
        control = self.control.fileno()
        self.poll.register(control, select.POLLIN)
        self.control.sendall(terms.READY)
        armed_s = 0.0
        linger = Linger(poll=self.poll)
        while True:
            if len(self.lent) == 1:
                linger()  # one client that waits asks again sooner than a processor is woken up
            ready = self.poll.poll(TURN_S * 1000)
            now_s = time.monotonic()
            self.board.beat(now_s)
            if now_s - armed_s > 1.0:
                armed_s = now_s
                signal.setitimer(signal.ITIMER_REAL, (self.limits.timeout_s or 3600.0) + ALARM_AFTER_S)
                self.tidy(now_s)
            for descriptor, _events in ready:
                if descriptor == control:
                    if not self.obey(now_s):
                        return
                else:
                    lent = self.lent.get(descriptor)
                    if lent is not None:
                        self.serve(lent)

    def tidy(self, now_s: float):
        """Give back what is not used."""
        for lent in list(self.lent.values()):
            if now_s - lent.since_s > RESTS_AFTER_S:
                self.back(lent, terms.RESTING)

    # ── the front ───────────────────────────────────────────────────────────

    def obey(self, now_s: float) -> bool:
        """Do what the front says; false where it has closed the socket."""
        data, (*descriptors,), _flags, _address = socket.recv_fds(self.control, terms.LONGEST_MESSAGE, 1)
        if not data:
            return False
        kind, payload = data[:1], data[1:]
        if kind == terms.LEND:
            self.take(descriptors[0], payload, now_s)
        elif kind == terms.RECALL:
            for lent in list(self.lent.values()):
                self.back(lent, terms.RECALLED)
            self.control.sendall(terms.ALL_BACK)
        elif kind == terms.LEARN:
            statistics.learn(self.view, payload)
        return True

    def take(self, descriptor: int, payload: bytes, now_s: float):
        """Have a connection."""
        number, family, block, asked, spent_us, answers = marshal.loads(payload)
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=descriptor)
        if len(self.asked) >= terms.KNOWN_BLOCKS:
            self.asked.clear()
        accept, coding, origin = asked
        job = ReadJob("query", accept=accept, base_iri=BASE, limits=self.limits)
        self.asked[block] = Asked(accept, coding, origin, tag_ground(self.view.version, job))
        for head, origin, fields in answers:
            self.answers[(head, origin)] = fields
        template = self.pending.pop(number, None)
        if template is not None and spent_us is not None:
            template.spent_us = spent_us
        self.lent[descriptor] = Lent(number, sock, now_s)
        self.poll.register(descriptor, select.POLLIN)

    def back(self, lent: Lent, reason: int, template=None):
        """Give a connection back; what is unread of it stays so."""
        descriptor = lent.sock.fileno()
        self.poll.unregister(descriptor)
        del self.lent[descriptor]
        lent.sock.close()
        if template is not None:
            while len(self.pending) >= MOST_PENDING:
                del self.pending[next(iter(self.pending))]
            self.pending[lent.number] = template
        self.control.sendall(terms.BACK_FORM.pack(terms.BACK, lent.number, reason, lent.served))

    # ── a request ───────────────────────────────────────────────────────────

    def serve(self, lent: Lent):
        """Answer what has come on a connection, or give the connection back."""
        began_s = time.monotonic()
        try:
            data = lent.sock.recv(terms.LONGEST_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.back(lent, terms.GONE)
            return
        if self.board.is_full():
            self.back(lent, terms.AHEAD)
            return
        kept = self.held.get(data)
        if kept is not None:
            self.held.move_to_end(data)
            self.send(lent, len(data), kept, began_s, 1)
            return
        self.board.doing(boards.EVALUATING, lent.number, began_s)
        kept = None
        try:
            kept, keeps = self.answer(lent, data, began_s)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except BaseException as error:  # the engine's PanicException is no Exception; the front finds out
            if lent.sock.fileno() in self.lent:
                self.back(lent, terms.UNFIT)
            if isinstance(error, MemoryError):
                raise  # what is left is too little for others too
        if kept is not None:
            # What goes wrong from here on ends the clerk, and the connection is reset.
            self.send(lent, len(data), kept, began_s, 0 if keeps else 2)
            if keeps:
                self.keep(data, kept)
            if news := statistics.news(self.view):
                self.control.sendall(terms.LEARNT + news)
        self.board.rests()

    def answer(self, lent: Lent, data: bytes, began_s: float) -> tuple[Kept | None, bool]:
        """An answer to send, and whether it may be kept.

        Where there is none, the connection has gone back.
        """
        start = self.start
        end = data.find(_END, len(start))
        if end < 0 or not data.startswith(start):
            self.back(lent, terms.ODD)
            return NOTHING
        asked = self.asked.get(data[end + len(_END) :])
        if asked is None or end - len(start) > self.longest:
            self.back(lent, terms.ODD)
            return NOTHING
        said = self.read(data[len(start) : end])
        found = None if said is None else matched(self.view, self.known, *said, BASE)
        if found is None:
            self.back(lent, terms.UNFIT)
            return NOTHING
        template, constants = found
        spent_us = template.spent_us
        if spent_us is None or spent_us > QUICK_US:
            known = None if spent_us == terms.NEVER_US else template
            self.back(lent, terms.UNKNOWN if spent_us is None else terms.SLOW, known)
            return NOTHING
        text = said[0] + said[1]
        outcome = quick.answer(
            self.view, self.known, template, constants, text, asked.accept, BASE, self.limits
        )
        if outcome is None:
            self.back(lent, terms.UNFIT)
            return NOTHING
        content_type, body, rows = outcome
        fields = self.answers.get((content_type, asked.origin))
        if fields is None:
            self.back(lent, terms.UNTOLD, template)
            return NOTHING
        coding = asked.coding if len(body) >= WORTH_BYTES else ""
        if len(body) > (COMPRESSED_BYTES if coding else LARGEST_BYTES):
            template.spent_us = terms.NEVER_US
            self.back(lent, terms.SLOW)
            return NOTHING
        keeps = self.keeps and quick.may_be_kept(template, constants, *said)
        if keeps:
            fields += tagged(text_tag(asked.ground, text), coding)
        if coding:
            body = compressed(coding, body)
            fields += b"content-encoding: " + coding.encode() + b"\r\n"
        kept = Kept(fields, body, rows, len(data))
        if time.monotonic() - began_s > NO_LONGER_QUICK_S:
            template.spent_us = None
        return kept, keeps

    def read(self, raw: bytes) -> tuple[str, str] | None:
        """Prologue and body of a query as it is encoded; None where it is read otherwise, or not at all.

        Applications send the same prologue with all of their queries: it is decoded once.
        """
        for encoded, prologue in self.prologues:
            # With another letter the prologue may go on.
            if raw.startswith(encoded) and raw[len(encoded) : len(encoded) + 1] in _FORMS:
                rest = raw[len(encoded) :]
                if not _SAFE.match(rest):
                    return None
                try:
                    body = decoded(rest)
                except BadEncoding:
                    return None
                fits = body.isascii() and "\\" not in body and len(prologue) + len(body) <= LONGEST
                return (prologue, body) if fits else None
        if not _SAFE.match(raw):
            return None
        try:
            text = decoded(raw)
        except BadEncoding:
            return None
        prologue = prologue_of(text)
        if prologue is None:
            return None
        at = raw.find(text[len(prologue) : len(prologue) + 6].encode())
        if at >= 0 and raw[at : at + 1] in _FORMS and decoded(raw[:at]) == prologue:
            self.prologues.appendleft((raw[:at], prologue))
        return prologue, text[len(prologue) :]

    def keep(self, data: bytes, kept: Kept):
        """Keep an answer for the same bytes, unless it is large; what was asked for longest ago goes."""
        if kept.size > self.room // 4:
            return
        self.held[data] = kept
        self.held_bytes += kept.size
        while self.held_bytes > self.room:
            _data, oldest = self.held.popitem(last=False)
            self.held_bytes -= oldest.size

    def send(self, lent: Lent, asked: int, kept: Kept, began_s: float, cached: int):
        """Take the request out of the kernel and put the answer in."""
        board = self.board
        board.doing(boards.WRITING, lent.number, began_s)
        while board.is_doomed():
            # The front has seen it evaluate for too long. While it writes it is not ended, for half an answer
            # would be left.
            board.doing(boards.EVALUATING, lent.number, began_s)
            while board.is_doomed():
                time.sleep(DOOMED_S)
            board.doing(boards.WRITING, lent.number, began_s)
        sock = lent.sock
        id_ = self.ids.getrandbits(64)
        second = int(time.time())
        if second != self.dated:
            self.dated, self.begin = second, time.strftime(_BEGIN, time.gmtime(second)).encode()
        body = kept.body
        head = b"%b%bx-request-id: %016x\r\ncontent-length: %d\r\n\r\n" % (
            *(self.begin, kept.fields, id_, len(body)),
        )
        message, sent = head + body, 0
        try:
            sock.recv_into(self.sink, asked, socket.MSG_TRUNC)
            sent = sock.send(message)
        except BlockingIOError:
            pass
        except OSError:
            board.rests()
            self.back(lent, terms.GONE)
            return
        lent.served += 1
        now_s = lent.since_s = time.monotonic()
        board.record(id_, lent.number, now_s - began_s, len(body), kept.rows, cached)
        if sent < len(message):
            for start in range(sent, len(message), terms.REST_BYTES):
                piece = message[start : start + terms.REST_BYTES]
                self.control.sendall(terms.REST_FORM.pack(terms.REST, lent.number) + piece)
            self.back(lent, terms.UNSENT)
        board.rests()
