"""The process that holds the data and forks the ones that evaluate: `python -m incsr.workers.mother FD`.

It is started afresh, has one thread, and never evaluates anything, because a fork of a process with threads
or with a query in hand may hang for good. It does what the front says over a socket of messages:

- `load`: load the data as the settings say; answered once with `loaded` or `failed`
- `evaluator`: fork a process that answers jobs on the descriptor sent along
- `clerk`: fork a process that answers on connections which are lent to it (`incsr.workers.clerk`)
- `writer`: fork a process that takes one write over the first descriptor; where the write succeeds, that
  process is a mother itself and listens on the second
- `discard`: delete a generation on disk that nobody reads any more
- `retire`: end as soon as the last child but the heir has ended

and says `exited` for each child. The front's end of the socket closed means that the front is gone: the
mother ends, and the kernel kills its children (PR_SET_PDEATHSIG).
"""

import dataclasses
import gc
import json
import os
import select
import signal
import socket
import sys

from incsr.workers import frames, sandbox, seccomp

# What comes of obeying one message: go on; end; be a new mother on a new control socket (in the child).
GOING_ON, OVER, REBORN = "going on", "over", "reborn"


class Mother:
    """The state of the process: its control socket, its data, its children by process descriptor."""

    def __init__(self, control: socket.socket):
        self.control = control
        self.pid = os.getpid()
        self.dataset = None
        self.options = {}
        self.parts = ()
        self.children = {}
        self.retiring = False

    def run(self):
        """Do what the front says until it is gone, or until the last child of a retired mother has ended."""
        while self.serve() is REBORN:
            self.retiring = False

    def serve(self):
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while not (self.retiring and not self.children):
            ended = poll.poll()
            known = dict(self.children)
            for descriptor, _events in ended:
                if descriptor == self.control.fileno():
                    outcome = self.obey(poll)
                    if outcome is not GOING_ON:
                        return outcome
                elif self.children.get(descriptor) == known.get(descriptor) is not None:
                    # A message before it may have disowned the child, and a new one have its descriptor.
                    self.bury(descriptor, poll)
        return OVER

    def bury(self, descriptor, poll):
        """Reap a child and say how it ended."""
        poll.unregister(descriptor)
        pid = self.children.pop(descriptor)
        os.close(descriptor)
        _pid, status = os.waitpid(pid, 0)
        self.say({"is": "exited", "pid": pid, "code": os.waitstatus_to_exitcode(status)})

    def disown(self, pid, poll):
        """Do not wait for a child that is a mother now; the kernel finds it another parent."""
        for descriptor, child in list(self.children.items()):
            if child == pid:
                poll.unregister(descriptor)
                os.close(descriptor)
                del self.children[descriptor]

    def say(self, message, descriptors=()):
        try:
            frames.send_message(self.control, message, descriptors)
        except (BrokenPipeError, ConnectionResetError):
            # The front is gone; the next read says so.
            return

    def obey(self, poll):
        """Read one message and do it."""
        try:
            message, descriptors = frames.receive_message(self.control)
        except ConnectionResetError:
            return OVER
        if message is None:
            return OVER
        match message["do"]:
            case "load":
                self.load(message)
            case "evaluator":
                return self.fork(message, descriptors, poll, self.evaluate)
            case "clerk":
                # Not needed for the first answers; the mother may still read files, her children may not.
                import brotli  # noqa: F401

                import incsr.workers.clerk  # noqa: F401

                return self.fork(message, descriptors, poll, self.attend)
            case "writer":
                return self.fork(message, descriptors, poll, self.write)
            case "discard":
                self.dataset.directory.discard(keep=None, only=message["place"])
            case "retire":
                self.retiring = True
                self.disown(message["heir"], poll)
        return GOING_ON

    def load(self, message):
        self.options = message["options"]
        try:
            # Imported here once, for all children: they can import nothing themselves.
            import incsr.query.evidence  # noqa: F401 - what evaluates may open no file later
            from incsr.query import evaluate, statistics
            from incsr.store.dataset import DiskDataset
            from incsr.store.disk import Directory, Generation
            from incsr.workers import evaluator, loading, writer

            self.parts = evaluate, evaluator, writer, statistics
            if self.options["services"]:
                from incsr.workers import services

                services.install(self.options["services"])
            notice = ""
            if self.options["store"]:
                generation, notice = in_child(loading.prepare, self.options)
                allowed = tuple(self.options["service_allow"])
                self.dataset = DiskDataset(
                    Directory(self.options["store"]), Generation(**generation), allowed
                )
            else:
                self.dataset = loading.load(self.options)
        except Exception as error:
            self.say({"is": "failed", "why": str(error) or type(error).__name__})
            return
        # What is loaded stays; collecting it again and again in each child would only unshare its pages.
        gc.collect()
        gc.freeze()
        if seccomp.supported():
            # On disk, writers forked from here change files; evaluators may not.
            network = bool(self.options["service_allow"])
            seccomp.deny_reaching_out(network=network, files=self.dataset.on_disk)
        summary = self.dataset.summary()
        self.say({"is": "loaded", "filtered": seccomp.supported(), "notice": notice, **summary})

    def fork(self, message, descriptors, poll, work):
        """Have a child do some work; in the child, return only where it is to be a mother itself."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                if work(message, descriptors):
                    return REBORN
                code = 0
            except BaseException as error:
                print(f"incsr worker: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(code)
        for descriptor in descriptors:
            os.close(descriptor)
        child = os.pidfd_open(pid)
        self.children[child] = pid
        poll.register(child, select.POLLIN)
        self.say({"is": "forked", "id": message["id"], "pid": pid}, (child,))
        return GOING_ON

    def evaluate(self, message, descriptors):
        """Be an evaluator, in the child."""
        evaluate, evaluator, _writer, statistics = self.parts
        sandbox.die_with_parent(signal.SIGKILL, self.pid)
        sock = socket.socket(fileno=descriptors[0])
        sandbox.close_descriptors_except(sock.fileno())
        try:
            view = self.confined(message)
        except Exception as error:
            # Nobody reads this process's standard error any more.
            sock.sendall(frames.problem_frame(evaluator.problem_of(error)))
            raise
        evaluator.serve(sock, view, evaluate.answer, statistics)

    def confined(self, message, lent: bool = False):
        """The view to evaluate on, for a child that has given up all that it does not need."""
        on_disk = self.dataset.on_disk
        view = self.dataset.view(message["place"], message["version"]) if on_disk else self.dataset.view()
        sandbox.limit_memory(self.options["max_memory"])
        sandbox.limit_resources(descriptors=not on_disk)
        if seccomp.supported() and not self.options["service_allow"]:
            seccomp.allow_only(files=on_disk, lent=lent)
        return view

    def attend(self, message, descriptors):
        """Be a clerk, in the child."""
        from incsr.workers.board import Board
        from incsr.workers.clerk import Clerk

        sandbox.die_with_parent(signal.SIGKILL, self.pid)
        sock = socket.socket(fileno=descriptors[0])
        board = Board(descriptors[1])
        sandbox.close_descriptors_except(sock.fileno())
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        Clerk(sock, board, self.confined(message, lent=True), message["settings"]).run()

    def write(self, _message, descriptors):
        """Take one write, in the child; where it succeeds and the data is in memory, be the next mother."""
        _evaluate, _evaluator, writer, _statistics = self.parts
        sandbox.die_with_parent(signal.SIGKILL, self.pid)
        self.pid = os.getpid()
        for descriptor in self.children:
            os.close(descriptor)
        self.children = {}
        self.control.close()
        jobs = socket.socket(fileno=descriptors[0])
        sandbox.limit_memory(self.options["max_memory"], for_good=False)
        if not writer.write(jobs, self.dataset, outlive=lambda: sandbox.die_with_parent(0)):
            return False
        jobs.close()
        gc.collect()
        gc.freeze()
        sandbox.limit_memory(None)
        self.control = socket.socket(fileno=descriptors[1])
        return True


def in_child(work, options):
    """What `work(options)` gives, done in a child: it may start threads, and the mother must have none.

    Raises: RuntimeError with what the child's error said.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            generation, notice = work(options)
            said = {"generation": dataclasses.asdict(generation), "notice": notice}
        except BaseException as error:
            said = {"error": str(error) or type(error).__name__}
        os.write(writing, json.dumps(said).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    said = json.loads(data or '{"error": "the process that loads the data was killed"}')
    if "error" in said:
        raise RuntimeError(said["error"])
    return said["generation"], said["notice"]


def main():
    """Take the control socket that the front has opened and serve it."""
    # Ctrl-C reaches every process of the terminal; ending in order is the front's business,
    # and a service manager may send SIGTERM to all of them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sandbox.raise_stack()
    control = socket.socket(fileno=int(sys.argv[1]))
    Mother(control).run()


if __name__ == "__main__":
    main()
