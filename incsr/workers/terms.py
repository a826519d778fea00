"""The terms on which connections are lent: what the front and a clerk say to each other."""

import struct

# Messages, one in a packet: the front's begin with one of these letters, ours too.
LEND, RECALL, LEARN = b"C", b"R", b"L"
READY, BACK, REST, LEARNT, ALL_BACK = b"r", b"b", b"p", b"l", b"a"
BACK_FORM = struct.Struct("!cIBI")  # BACK, connection, reason, requests served
REST_FORM = struct.Struct("!cI")  # REST, connection; then bytes
REST_BYTES = 64 * 1024

# Why a connection goes back.
ODD = 0  # its bytes are not one whole request of the known kind
UNKNOWN = 1  # the template's cost is not known yet
SLOW = 2  # the template's answers take long, or are large
UNFIT = 3  # the query fits no template, or fails
UNTOLD = 4  # the header lines of such an answer are not known yet
UNSENT = 5  # the client does not take its answer fast enough; what is left comes with it
RESTING = 6  # nothing came for a while
GONE = 7  # the client has closed it
RECALLED = 8  # the front asked for it
AHEAD = 9  # the front has not read yet what was answered
# What the reasons are called where they are counted.
REASONS = ("odd", "unknown", "slow", "unfit", "untold", "unsent", "resting", "gone", "recalled", "ahead")

# A packet has at most so many bytes.
LONGEST_MESSAGE = 96 * 1024
# A longer request is left to the front.
LONGEST_BYTES = 16 * 1024
# Of a template whose answers are large: nothing makes it quick.
NEVER_US = 2**40
# So many different header lines are known at once.
KNOWN_BLOCKS = 256
