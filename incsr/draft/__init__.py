"""A text -> proposed measurements, for a person to finish.

Works by rule on any English prose: it knows numbers, hedges, units, rates, periods and countries, and nothing
of any one report. What grammar leaves open is proposed with a note, never settled.
"""

from incsr.draft.proposals import Proposal, propose
from incsr.draft.turtle import turtle

__all__ = ["Proposal", "propose", "turtle"]
