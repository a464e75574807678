"""The tasks of lesson 10: capture a run, restore it, say whether a resume is exact, and mend one that isn't."""
