"""Where the modules that property tests share are found."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # generated.py: importlib mode adds no paths by itself
