"""Files that we write, whole or not there, and files of strangers, read within limits."""

from amber.files.bounded import MEBIBYTE, open_regular, read_bounded, size_text
from amber.files.left_overs import is_left_over, remove_left_overs
from amber.files.whole import complete_replacement, content_of, replacing, replacing_together, sync, write_whole

__all__ = [
    "MEBIBYTE",
    "complete_replacement",
    "content_of",
    "is_left_over",
    "open_regular",
    "read_bounded",
    "remove_left_overs",
    "replacing",
    "replacing_together",
    "size_text",
    "sync",
    "write_whole",
]
