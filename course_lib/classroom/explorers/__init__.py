"""Explorers and traces: pictures of real runs that a learner moves.

`explorer` is the pattern (a state, its controls, one picture), `trace` the stepper through the stages of a
recorded run, `svg` the drawing. Every lesson has a module here, named by its slug, with a function for its
explorer and one for its trace:

    from course_lib.lessons.eval_mode.explorer import switchboard, trace_modes
"""
