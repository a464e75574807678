"""Lesson 14's trace: TODO what is followed, stage by stage."""

from course_lib.classroom.explorers.trace import Stage, Trace


def trace_sharded_checkpoints() -> Trace:
    """TODO: run the code and keep what came out of every step; no number is typed."""
    number = 3
    twice = 2 * number
    return Trace(
        "TODO: what is followed",
        [
            Stage(
                "TODO: the first stage",
                goes_in=f"The number {number}.",
                happens="It is doubled.",
                comes_out=f"The number {twice}.",
            ),
        ],
    )
