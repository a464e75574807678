"""The tasks of lesson 01: the train/eval switch, put back as it was found."""
