"""``python -m sandbox``: the door ``./dev`` goes through."""

import sys

from sandbox.cli import main

sys.exit(main(sys.argv[1:]))
