"""A course on evaluating, saving and loading PyTorch models. Import what you need from its modules."""
