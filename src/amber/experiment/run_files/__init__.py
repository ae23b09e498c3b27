"""The files of a run as a whole: begun, taken up, replaced, finished, and read again."""
