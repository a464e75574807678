"""These tests run in .venv-colab alone, which has Colab's versions: `make test-colab`."""

import os

collect_ignore = [] if "COLAB_RELEASE_TAG" in os.environ else ["test_in_colab.py"]
