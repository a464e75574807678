"""Messages between the grader and a process that runs a submission: length-prefixed JSON, and bytes beside it.

A message is two lengths (4 bytes each, little-endian), JSON, then bytes. Reading one can't run code, takes no more
memory than its limit, and ends at its deadline, whatever the other side sends or holds back.
"""

import json
import socket
import struct
import time
from typing import Any

from course_lib.classroom.tasks.observation import LIMIT_BYTES
from course_lib.errors import WireError

LIMIT_JSON = 24 * 2**20
"""The outputs of one cell, pictures and all."""

_LENGTHS = struct.Struct("<II")


class Silent(Exception):
    """The other side said nothing before the deadline."""


class Closed(Exception):
    """The other side is gone."""


class Channel:
    """One end of a socket pair.

    Args:
        end: a connected stream socket.
    """

    def __init__(self, end: socket.socket):
        self._end = end
        self._started = b""

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end: the other side sees that we are gone."""
        self._end.close()

    def send(self, message: Any, blob: bytes = b"", *, seconds: float = 30) -> None:
        """Send one message.

        Raises:
            Silent: the other side doesn't read.
            Closed: it is gone.
        """
        head = json.dumps(message).encode("utf-8", "replace")
        self._end.settimeout(seconds)
        try:
            self._end.sendall(_LENGTHS.pack(len(head), len(blob)) + head + blob)
        except TimeoutError:
            raise Silent from None
        except OSError:
            raise Closed from None

    def receive(self, deadline: float | None = None) -> tuple[Any, bytes]:
        """Read one message. What has arrived of it when the deadline passes is kept for the next call.

        Args:
            deadline: by `time.monotonic()`; None waits for ever.

        Raises:
            Silent: the deadline passed.
            Closed: the other side is gone.
            WireError: it is larger than any honest message, or no JSON.
        """
        head_size, blob_size = _LENGTHS.unpack(self._filled(_LENGTHS.size, deadline)[: _LENGTHS.size])
        if head_size > LIMIT_JSON or blob_size > LIMIT_BYTES:
            raise WireError(
                f"Expected a message of at most {LIMIT_JSON + LIMIT_BYTES:,} bytes; "
                f"one of {head_size + blob_size:,} was announced and not read."
            )
        whole = self._filled(_LENGTHS.size + head_size + blob_size, deadline)
        self._started = b""
        try:
            message = json.loads(whole[_LENGTHS.size : _LENGTHS.size + head_size])
        except (ValueError, RecursionError) as e:
            raise WireError(f"Expected JSON; got something else ({type(e).__name__}).") from None
        return message, bytes(whole[_LENGTHS.size + head_size :])

    def _filled(self, size: int, deadline: float | None) -> bytes:
        """The first `size` bytes of the message under way."""
        parts, have = [self._started], len(self._started)
        try:
            while have < size:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise Silent
                self._end.settimeout(left)
                try:
                    part = self._end.recv(min(size - have, 1 << 20))
                except TimeoutError:
                    raise Silent from None
                except OSError:
                    raise Closed from None
                if not part:
                    raise Closed
                parts.append(part)
                have += len(part)
        finally:
            self._started = b"".join(parts)
        return self._started
