"""These tests run in .venv-colab alone, which has Colab's versions: `make test-colab`."""

import os

# Not looked through for doctests either: importing the stand-in would make every test that follows believe in Colab.
collect_ignore = ["stand_in"] if "COLAB_RELEASE_TAG" in os.environ else ["stand_in", "test_in_colab.py"]
