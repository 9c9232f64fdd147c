"""Where these tests can be collected: their processes need limits as Unix has them."""

import sys

collect_ignore_glob = ["*.py"] if sys.platform == "win32" else []
