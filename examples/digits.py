"""Searches small convolutional networks that recognise handwritten digits, and tests the best beside a simple model.

    python examples/digits.py

The images, 8 x 8 pixels, come with scikit-learn. `--help` tells how to make the search longer or shorter.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasModelBuilder  # before Keras: this chooses the backend
from amber.search import Objective, SearchProgress, run_search, seeded

import keras  # isort: skip


def convolutions(filters: int) -> list[dict]:
    """Candidates of a convolutional layer."""
    return [
        {"Layer_type": "conv2d", "filters": filters, "kernel_size": size, "activation": activation}
        for size in (1, 3)
        for activation in ("relu", "tanh")
    ] + [{"Layer_type": "identity"}]


# Six layers, one operation of each: 5 x 5 x 3 x 3 x 3 x 3 = 2025 networks.
SPACE = ModelSpace.from_dict(
    [
        convolutions(16),
        convolutions(32),
        [
            {"Layer_type": "maxpool2d", "pool_size": (2, 2)},
            {"Layer_type": "avgpool2d", "pool_size": (2, 2)},
            {"Layer_type": "identity"},
        ],
        [{"Layer_type": "flatten"}, {"Layer_type": "globalmaxpool2d"}, {"Layer_type": "globalavgpool2d"}],
        [{"Layer_type": "dropout", "rate": 0.5}, {"Layer_type": "dropout", "rate": 0.1}, {"Layer_type": "identity"}],
        [
            {"Layer_type": "dense", "units": 32, "activation": "relu"},
            {"Layer_type": "dense", "units": 16, "activation": "relu"},
            {"Layer_type": "identity"},
        ],
    ]
)


def load_parts(seed: int) -> tuple:
    """Returns training, validation and test data: 60, 20 and 20 percent."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype("float32")
    x, test_x, y, test_y = train_test_split(images, labels, test_size=0.2, stratify=labels, random_state=seed)
    train_x, val_x, train_y, val_y = train_test_split(x, y, test_size=0.25, stratify=y, random_state=seed)
    return (train_x, train_y), (val_x, val_y), (test_x, test_y)


def main() -> None:
    parser = argparse.ArgumentParser(description="Search networks for scikit-learn's digits.")
    parser.add_argument("--trials", type=int, default=16, help="networks to try")
    parser.add_argument("--epochs", type=int, default=15, help="of every network")
    parser.add_argument("--final-epochs", type=int, default=50, help="of the best one")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train, validation, test = load_parts(options.seed)

    builder = KerasModelBuilder(
        inputs_op=Operation("input", shape=(8, 8, 1)),
        output_op=Operation("dense", units=10, activation="softmax"),
        model_compile_dict={
            "optimizer": keras.optimizers.Adam(0.002),
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        model_space=SPACE,
    )
    objective = Objective(builder, train, validation, metric="val_loss", direction="minimize", epochs=options.epochs)
    result = run_search(
        objective, trials=options.trials, seed=options.seed, sampler="tpe", callbacks=[SearchProgress()]
    )
    for layer, token in zip(SPACE, result.best.tokens, strict=True):
        print(layer[token])

    # The network is chosen: it and the simple model learn from all but the test data, which are looked at once.
    x, y = (np.concatenate(both) for both in zip(train, validation, strict=True))
    with seeded(options.seed):
        model = builder(result.best.tokens)
        model.fit(x, y, epochs=options.final_epochs, verbose=0)
    simple = LogisticRegression(max_iter=2000).fit(x.reshape(len(x), -1), y)
    accuracy = np.mean(model.predict(test[0], verbose=0).argmax(axis=1) == test[1])
    baseline = simple.score(test[0].reshape(len(test[0]), -1), test[1])
    print(f"test accuracy: {accuracy:.4f}, logistic regression: {baseline:.4f}")


if __name__ == "__main__":
    main()
