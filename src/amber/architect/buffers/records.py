"""The readable record of finished paths, `buffers.txt`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from amber.architect.buffers.paths import StoredPath
from amber.architect.model_space import ModelSpace
from amber.architect.token_layout import TokenLayout
from amber.errors import StorageError

FILE_NAME = "buffers.txt"


def append_record(
    folder: Path,
    path: StoredPath,
    episode: int,
    baseline: str,
    space: ModelSpace | None,
    layout: TokenLayout | None,
) -> None:
    """Append one finished path to `buffers.txt` in a folder, which is made where it is missing.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = [f"Episode: {episode}\tR_bias: {baseline}"]
    for row in range(len(path.rewards)):
        probabilities = [np.round(each[row], 4).tolist() for each in path.probabilities]
        lines.append(
            f"Reward: {path.rewards[row]:.6g}\tAdvantage: {path.advantages[row]:.6g}\t"
            f"Action: {describe_action(path.actions[row], space, layout)}\tProb: {probabilities}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")
    except OSError as error:
        raise StorageError(f"The record {folder / FILE_NAME} cannot be written: {error}") from error


def describe_action(action: np.ndarray, space: ModelSpace | None, layout: TokenLayout | None) -> list[str]:
    """Return tokens in words: the chosen operation of every layer, and the connections that are made.

    Without a space, or where the layout is not known and tokens are not one for each layer, the tokens themselves.
    """
    tokens = [int(token) for token in action]
    if layout is None and space is not None and len(tokens) == len(space):
        layout = TokenLayout(space, with_skips=False)
    if space is None or layout is None:
        return [str(token) for token in tokens]
    words = []
    for name, token in zip(layout.names, tokens, strict=True):
        if name.endswith(".op"):
            words.append(str(space[int(name[1 : -len(".op")])][token]))
        elif token:
            words.append(name)
    return words
