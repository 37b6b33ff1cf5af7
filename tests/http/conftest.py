"""What the tests of the HTTP API share: the modules beside them."""

import sys
from pathlib import Path

# Last, so that nothing installed is shadowed.
sys.path.append(str(Path(__file__).parent))
