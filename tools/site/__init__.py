"""The web site: every lesson with its outputs, explorers, traces, quizzes and cards that need no kernel.

`running` executes the notebooks (`in_kernel` says what their cells show here, `frames` records explorers), `pages`
writes what stands around them, and Sphinx makes the book. Its template parts are in the folder site/.
"""
