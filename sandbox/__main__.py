"""Entry point of ``python -m sandbox``, which ``./dev`` runs."""

import sys

from sandbox.cli import main

sys.exit(main(sys.argv[1:]))
