"""The tasks of lesson 09: checkpoints that survive a crash, and the callback that keeps the best."""
