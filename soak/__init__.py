"""`make soak`: the service under load, hostile queries and faults for a long time, watched for wrong answers.

Bounded in time and on loopback alone. What the short tests promise once, this holds for an hour.
"""
