"""The tasks of lesson 06: what a state_dict holds, saved, loaded, kept and slimmed."""
