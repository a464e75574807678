"""Say clearly when this Python is not one the course is tested on. Runs on any Python 3, before anything is installed."""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def complaint(version):
    """The message for a version, or an empty string if it will do."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return ""
    return (
        "The course needs Python %d.%d to %d.%d; this is Python %d.%d. Install one of those, "
        "then say which to use: make lab PYTHON=python3.13" % (OLDEST + NEWEST + tuple(version[:2]))
    )


if __name__ == "__main__":
    sys.exit(complaint(sys.version_info) or 0)
