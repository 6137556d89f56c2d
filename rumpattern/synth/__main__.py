"""``python -m rumpattern.synth`` writes a file of events."""

import sys

from rumpattern.synth.events import main

sys.exit(main(sys.argv[1:]))
