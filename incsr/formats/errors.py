"""The error of a result that a format has no way to write."""


class Unwritable(ValueError):
    """A result holds something that the format cannot express; the message says what, and what to ask for."""

    def __init__(self, label, what):
        super().__init__(f"{label} cannot write {what}")
        self.label = label
        self.hint = "Ask for Turtle (text/turtle) or N-Triples (application/n-triples), which can."
