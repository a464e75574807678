"""Explorers and traces: pictures of real runs that a learner moves.

`explorer` is the pattern (a state, its controls, one picture), `trace` the stepper through the stages of a
recorded run, `svg` the drawing. A lesson's own are in its room:

    from course_lib.lessons.eval_mode import switchboard, trace_modes
"""
