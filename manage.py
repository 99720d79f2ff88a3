#!/usr/bin/env python3
"""The two commands and everything else: `python3 manage.py up`, `python3 manage.py test`.

Runs on a bare Python: it makes the virtual environment, installs what the lock file names, and goes on inside.
"""

import importlib
import sys


def main():  # type: () -> None
    # Written so that a much older Python still reads as far as this sentence.
    if tuple(sys.version_info) < (3, 11):
        sys.exit("Readmit needs Python 3.11 or newer, and this is {}.{}.".format(*sys.version_info[:2]))
    sys.exit(importlib.import_module("portal.embedded.command").run(sys.argv))


if __name__ == "__main__":
    main()
