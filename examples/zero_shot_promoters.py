"""One policy learns from two sets of promoters which networks suit them, and proposes some for a third.

    AMBER_DATA_DIR=folder python examples/zero_shot_promoters.py

The folder holds Ecoli.csv.gz, Bsubtilis.csv.gz and Arabidopsis_TATA.csv.gz (Umarov and Solovyev 2017), with the columns
`seq`, `label` (1 is a promoter) and `gsplit` (train, val or test); AMBER does not come with them. Each set is held out
in turn. Space, descriptions, options and comparison are those of `zero_shot_motifs.py`.
"""

from dataclasses import replace

import numpy as np
from zero_shot_motifs import as_task, compare, learn, read_options

from amber.data import Dataset, Split, load_dataset

NAMES = ("Ecoli", "Bsubtilis", "Arabidopsis_TATA")


def sampled(part: Split, records: int, seed: int) -> Split:
    """Returns some records, for speed; the files are sorted by class, so they are drawn."""
    rows = np.random.default_rng(seed).permutation(len(part))[:records]
    return Split(part.x[rows], part.y[rows])


def shortened(data: Dataset, records: int, seed: int) -> Dataset:
    """Returns the data with at most so many training and validation records."""
    parts = {name: sampled(getattr(data, name), records, seed) for name in ("train", "validation")}
    return replace(data, **parts)


def main() -> None:
    """Runs the example."""
    options = read_options(__doc__)
    tasks = [
        as_task(name, shortened(load_dataset(name), options.records, options.seed), options.epochs) for name in NAMES
    ]
    for held_out in tasks:
        seen = [task for task in tasks if task is not held_out]
        print(f"\nheld out: {held_out.name}")
        compare(learn(seen, options), [held_out], seen[:1], options.proposals, options.seed)


if __name__ == "__main__":
    main()
