"""The command `course`, also `python -m course_lib`: doctor and progress."""

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    parser = argparse.ArgumentParser(prog="course", description="Evaluate, save, load: a course.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="say what is wrong with this machine, and the command that mends it")
    commands.add_parser("progress", help="what you have done, and what is next")
    command = parser.parse_args(arguments).command
    if command == "doctor":
        from course_lib.classroom import doctor

        return doctor.main()
    from course_lib.classroom.overview import dashboard

    print(dashboard())
    return 0


if __name__ == "__main__":
    sys.exit(main())
