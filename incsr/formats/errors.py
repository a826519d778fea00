"""The error of a result that a format has no way to write."""

from incsr.messages import Problem


class Unwritable(ValueError):
    """A result holds something that the format cannot express; `problem` says what, and what to ask for."""

    def __init__(self, label, what):
        super().__init__(f"{label} cannot write {what}")
        self.hint = "Ask for Turtle (text/turtle) or N-Triples (application/n-triples), which can."
        self.problem = Problem(
            406, "The result cannot be written in this format", f"{self}.", "unwritable", self.hint
        )
