"""Tasks: a probe runs beside the learner's code, a judge says what it saw. Authors write `lessons/<slug>/tasks/<name>.py`."""
