"""Python reads this before all else: as in Colab, google.colab is imported when the kernel starts."""

import google.colab  # noqa: F401
