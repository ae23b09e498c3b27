"""One policy learns from six simulated data sets which networks suit which data, and proposes some for two others.

    python examples/zero_shot_motifs.py

The data sets differ in their motifs, the distances that matter and the background. Each is described by eight numbers
that are counted in its training data (`amber.data.describe_sequences`). The policy never sees the last two data sets;
what it proposes for them is then trained, and so are as many random networks, for comparison, and as many that the
policy proposes when it is given the description of the other data set. `--help` tells how to make it longer or shorter.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from amber.architect import ModelSpace, Operation
from amber.data import DESCRIPTION, Dataset, MotifTask, Simulation, describe_sequences, load_simulated
from amber.errors import InvalidArchitectureError
from amber.modeler import KerasModelBuilder
from amber.search import Objective, trial_seed
from amber.search.zero_shot import ZeroShotPolicy, ZeroShotTask, train_zero_shot

# Five layers: 3 x 3 x 3 x 3 x 2 = 162 networks.
SPACE = ModelSpace.from_dict(
    [
        [{"Layer_type": "conv1d", "filters": 16, "kernel_size": k, "activation": "relu"} for k in (4, 8, 16)],
        [
            {"Layer_type": "maxpool1d", "pool_size": 4},
            {"Layer_type": "avgpool1d", "pool_size": 4},
            {"Layer_type": "identity"},
        ],
        [{"Layer_type": "conv1d", "filters": 16, "kernel_size": k, "activation": "relu"} for k in (4, 8)]
        + [{"Layer_type": "identity"}],
        [{"Layer_type": "globalmaxpool1d"}, {"Layer_type": "globalavgpool1d"}, {"Layer_type": "flatten"}],
        [{"Layer_type": "dense", "units": 16, "activation": "relu"}, {"Layer_type": "identity"}],
    ]
)
MOTIFS = {"ap1": "TGASTCA", "gata": "AGATAAG", "ebox": "CACGTG", "sp1": "GGGCGG", "long": "TTGACANNNTATAAT"}
# Motifs, letters between them, share of G and C, share of negatives with the motifs at wrong distances.
LEARNT_FROM = {
    "one short": (["ebox"], (0, 0), 0.5, 0.0),
    "one long": (["long"], (0, 0), 0.35, 0.0),
    "pair": (["ap1", "gata"], (2, 8), 0.6, 0.0),
    "near pair": (["ap1", "gata"], (1, 3), 0.5, 1.0),
    "far pair": (["sp1", "gata"], (5, 9), 0.4, 1.0),
    "triple": (["ebox", "ap1", "sp1"], (1, 4), 0.45, 0.5),
}
HELD_OUT = {
    "one new motif": (["gata"], (0, 0), 0.45, 0.0),
    "new distance": (["ebox", "ap1"], (2, 5), 0.45, 1.0),
}


def simulated(rule: tuple, records: int, seed: int) -> Dataset:
    """Returns the data of one rule."""
    motifs, spacing, background, decoys = rule
    tasks = {"bound": MotifTask(motifs, spacing)}
    return load_simulated(
        Simulation(records, 60, background, MOTIFS, tasks=tasks, decoys=decoys, noise=0.02, seed=seed)
    )


def as_task(name: str, data: Dataset, epochs: int) -> ZeroShotTask:
    """Returns what the policy learns from: how networks are trained, and the description of the training data."""
    builder = KerasModelBuilder(
        Operation("input", shape=data.input_shape),
        Operation("dense", units=1, activation="sigmoid"),
        {"optimizer": {"class_name": "adam", "config": {"learning_rate": 0.004}}, "loss": "binary_crossentropy"},
        SPACE,
    )
    train, validation = ((part.x, part.y.astype("float32")) for part in (data.train, data.validation))
    objective = Objective(
        builder, train, validation, metric="val_loss", direction="minimize", epochs=epochs, reward="auroc"
    )
    return ZeroShotTask(name, objective, describe_sequences(data.train.x, data.train.y))


def trained(task: ZeroShotTask, arcs: Sequence[tuple[int, ...]], seed: int) -> list[float]:
    """Trains architectures and returns their scores on validation data; 0 for one that cannot be trained."""
    scores = []
    for arc in arcs:
        candidate = task.objective.prepare(arc)
        found = task.objective.evaluate(arc, trial_seed(seed, candidate.fingerprint), candidate=candidate)
        scores.append(found.score or 0.0)
    return scores


def at_random(task: ZeroShotTask, count: int, seed: int) -> list[tuple[int, ...]]:
    """Returns different random networks."""
    generator, found = np.random.default_rng([seed, 7]), {}
    while len(found) < count:
        arc = task.objective.layout.sample(generator)
        try:
            found.setdefault(task.objective.prepare(arc).fingerprint, arc)
        except InvalidArchitectureError:  # sequences that are too short for it
            continue
    return list(found.values())


def compare(
    policy: ZeroShotPolicy, tasks: Sequence[ZeroShotTask], others: Sequence[ZeroShotTask], count: int, seed: int
) -> None:
    """Trains proposals and random networks on data sets that the policy has not seen, and prints their scores.

    Args:
        policy: what proposes.
        tasks: the data sets.
        others: for each, one whose description is given to the policy in its place.
        count: networks of each kind.
        seed: of random networks and trainings.
    """
    print(f"\nAUROC on validation data of {count} networks each, not seen by the policy")
    print(f"{'data set':<18}{'networks':<30}{'mean':>8}{'median':>8}{'best':>8}")
    for task, other in zip(tasks, others, strict=True):
        kinds = {
            "proposed": policy.propose(task.description, count, task.objective),
            f"proposed for {other.name}": policy.propose(other.description, count, task.objective),
            "random": at_random(task, count, seed),
        }
        for kind, arcs in kinds.items():
            scores = trained(task, arcs, seed)
            print(f"{task.name:<18}{kind:<30}{np.mean(scores):>8.4f}{np.median(scores):>8.4f}{max(scores):>8.4f}")
        print(f"{'':<18}most probable: {', '.join(operations(kinds['proposed'][0]))}")


def operations(arc: tuple[int, ...]) -> list[str]:
    """Returns the operations of an architecture, such as `conv1d 8`."""
    chosen = [SPACE[layer][token] for layer, token in enumerate(arc)]
    return [f"{each.Layer_type} {each.get('kernel_size', '')}".strip() for each in chosen]


def learn(tasks: Sequence[ZeroShotTask], options: argparse.Namespace) -> ZeroShotPolicy:
    """Trains the policy and tells how it goes on."""
    for task in tasks:
        numbers = ", ".join(f"{name} {value:.2f}" for name, value in zip(DESCRIPTION, task.description, strict=True))
        print(f"{task.name:<18}{numbers}")

    def tell(entry: dict) -> None:
        scores = "  ".join(f"{name} {value:.3f}" for name, value in entry.items() if name != "episode")
        print(f"episode {entry['episode']}/{options.episodes}: {scores}", flush=True)

    result = train_zero_shot(
        tasks, seed=options.seed, episodes=options.episodes, architectures=options.architectures, on_episode=tell
    )
    print(f"trained {sum(map(len, result.trials.values()))} networks")
    return result.policy


def read_options(what: str | None = __doc__) -> argparse.Namespace:
    """Returns the options of the command line of an example that does `what`."""
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default, meaning in (
        ("episodes", 20, "updates of the policy"),
        ("architectures", 4, "networks for each data set in an episode"),
        ("records", 1000, "sequences of each data set"),
        ("epochs", 6, "of each training"),
        ("proposals", 10, "networks of each kind that are compared"),
        ("seed", 0, "of policy, data and trainings"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{meaning} (default {default})")
    return parser.parse_args()


def main() -> None:
    """Runs the example."""
    options = read_options()
    rules = {**LEARNT_FROM, **HELD_OUT}
    tasks = [
        as_task(name, simulated(rule, options.records, 100 * options.seed + place), options.epochs)
        for place, (name, rule) in enumerate(rules.items())
    ]
    seen, unseen = tasks[: len(LEARNT_FROM)], tasks[len(LEARNT_FROM) :]
    policy = learn(seen, options)
    compare(policy, unseen, unseen[::-1], options.proposals, options.seed)


if __name__ == "__main__":
    main()
