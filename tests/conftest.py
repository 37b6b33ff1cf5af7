"""Settings that all tests share: hypothesis profiles, and where the strategies are found."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

# Last, so that nothing installed is shadowed: `import strategies` reads tests/strategies.py.
sys.path.append(str(Path(__file__).parent))

_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=_QUIET)
settings.register_profile("deep", max_examples=3000, deadline=None, suppress_health_check=_QUIET, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
