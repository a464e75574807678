"""The tasks of lesson 08: two lists, a prefix, a part, a loader with bugs."""
