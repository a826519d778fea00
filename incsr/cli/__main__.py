"""`python -m incsr.cli`, for where the console script is not on the path."""

import sys

from incsr.cli import main

sys.exit(main())
