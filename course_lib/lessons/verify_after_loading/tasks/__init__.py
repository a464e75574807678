"""The tasks of lesson 12: files, logits and models, before and after."""
