"""The stand-in changes the process that reads it: never this one."""

collect_ignore = ["stand_in"]
