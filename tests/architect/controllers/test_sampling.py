"""What controllers sample: probabilities, frequencies, masks, and two ways to the same log-probability."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.architect.controllers.policies import (
    SMALL,
    describe,
    every_arc,
    keras_log_prob,
    make,
    plain_log_prob,
)

from amber.architect import (
    GeneralController,
    ModelSpace,
    MultiInputController,
    MultiIOController,
    ZeroShotController,
    controllers,
)
from amber.architect.controllers import BaseController
from amber.errors import ArchitectureError, ConfigError, DataError


@pytest.mark.parametrize("kind", SMALL)
def test_probabilities_sum_to_one_and_are_the_sampling_frequencies(kind: str) -> None:
    controller = make(kind, spread=3.0)
    description = describe(controller)
    arcs = every_arc(controller.layout)
    probabilities = np.exp(controller.log_probabilities(arcs, description))
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)
    assert probabilities.max() > 1.5 / len(arcs)  # far from uniform, so that the frequencies say something

    numbers = {tuple(arc): i for i, arc in enumerate(arcs.tolist())}
    sampled = [numbers[tuple(arc)] for arc in controller.sample(10_000, description).tolist()]
    counts = np.bincount(sampled, minlength=len(arcs))
    assert counts[probabilities < 1e-300].sum() == 0
    expected = probabilities * 10_000
    rare = expected < 5
    observed = [*counts[~rare], *([counts[rare].sum()] if expected[rare].sum() > 1 else [])]
    wanted = np.array([*expected[~rare], *([expected[rare].sum()] if expected[rare].sum() > 1 else [])])
    wanted *= np.sum(observed) / wanted.sum()
    assert stats.chisquare(observed, wanted).pvalue > 1e-3


@pytest.mark.parity
@pytest.mark.parametrize("kind", SMALL)
def test_log_probabilities_of_keras_and_numpy_agree(kind: str) -> None:
    controller = make(kind, spread=1.5)
    description = describe(controller)
    arcs, probabilities = controller.sample_with_probs(4, description)
    recomputed = controller.log_probabilities(arcs, description)
    of_keras = [keras_log_prob(controller, arc) for arc in arcs]
    np.testing.assert_allclose(of_keras, recomputed, atol=1e-5)
    for drawn, read in zip(probabilities, controller.probabilities(arcs, description), strict=True):
        np.testing.assert_allclose(drawn, read, atol=1e-12)
        np.testing.assert_allclose(drawn.sum(axis=-1), 1.0, atol=1e-9)


def test_log_probabilities_of_78_tokens_agree() -> None:
    controller = GeneralController([6] * 12, lstm_size=16, lstm_num_layers=1, seed=0)
    rng = np.random.default_rng(0)
    controller.set_weights([rng.uniform(-0.6, 0.6, each.shape) for each in controller.get_weights()])
    arcs = controller.sample(5)
    of_keras = [keras_log_prob(controller, arc) for arc in arcs]
    np.testing.assert_allclose(of_keras, controller.log_probabilities(arcs), atol=1e-5)


@pytest.mark.parametrize("kind", ["operations", "skips", "unique skips", "shared embedding"])
def test_policy_is_the_one_described(kind: str) -> None:
    controller = make(kind, spread=1.5)
    arcs = controller.sample(20)
    expected = [plain_log_prob(controller, arc) for arc in arcs]
    np.testing.assert_allclose(controller.log_probabilities(arcs), expected, atol=1e-9)


def test_weights_have_the_shapes_and_range_described() -> None:
    controller = MultiIOController([3, 4], num_input_blocks=5, num_output_blocks=2, lstm_size=8, seed=0)
    shapes = controller.spec.weight_shapes()
    assert shapes == {
        "lstm_0": (16, 32),
        "lstm_1": (16, 32),
        "start": (1, 8),
        "embedding_0": (3, 8),
        "softmax_0": (8, 3),
        "embedding_1": (4, 8),
        "softmax_1": (8, 4),
        "input_embedding": (5, 8),
        "input_softmax": (8, 5),
        "attention_anchor": (8, 8),
        "attention_query": (8, 8),
        "attention_v": (8, 1),
        "output_softmax": (8, 2),
    }
    assert [each.shape for each in controller.get_weights()] == list(shapes.values())
    values = np.concatenate([each.ravel() for each in controller.get_weights()])
    assert -0.1 <= values.min() < -0.09 and 0.09 < values.max() <= 0.1
    shared = GeneralController([3, 3, 3], share_embedding={1: 0, 2: 1})
    assert [name for name in shared.spec.weight_shapes() if name.startswith(("emb", "soft"))] == [
        "embedding_0",
        "softmax_0",
    ]


@pytest.mark.parametrize("kind", SMALL)
def test_every_choice_is_nearly_uniform_at_first(kind: str) -> None:
    controller = make(kind)
    arc, probabilities = controller.get_action(describe(controller))
    assert arc.shape == (controller.total_arc_len,) and arc.dtype.kind == "i"
    controller.layout.validate(arc)
    for each in probabilities:
        assert each.shape[0] == 1
        free = (each > 0) & (each < 1)  # the others are decided by a mask
        np.testing.assert_allclose(each[free], 1 / each.shape[-1], atol=0.05)
        assert free.all() or kind in ("unique skips", "inputs", "outputs")


def test_shapes_of_probabilities() -> None:
    def shapes(controller: GeneralController) -> list[tuple[int, ...]]:
        return [each.shape for each in controller.get_action()[1]]

    assert shapes(GeneralController([3, 4, 2])) == [(1, 3), (1, 4), (1, 1, 2), (1, 2), (1, 2, 2)]
    inputs = MultiInputController([3, 4], num_input_blocks=5)
    assert shapes(inputs) == [(1, 3), (1, 5, 2), (1, 4), (1, 5, 2), (1, 1, 2)]
    assert shapes(MultiIOController([3, 4], with_input_blocks=False))[-2:] == [(1, 2), (1, 2)]
    free = MultiIOController([3, 4], with_input_blocks=False, output_block_unique_connection=False)
    assert shapes(free)[-2:] == [(1, 2, 2), (1, 2, 2)]


@pytest.mark.parametrize(
    ("controller", "length"),
    [
        (lambda: GeneralController([2] * 12), 78),
        (lambda: GeneralController([2] * 4), 10),
        (lambda: MultiInputController([2] * 4, num_input_blocks=4), 26),
        (lambda: MultiInputController([2] * 4, num_input_blocks=4, with_skip_connection=False), 20),
        (lambda: MultiInputController([2] * 4, with_input_blocks=False), 10),
        (lambda: MultiIOController([2] * 3), 18),
        (lambda: MultiIOController([2] * 3, with_output_blocks=False), 12),
        (lambda: MultiIOController([2] * 3, with_skip_connection=False), 15),
        (lambda: MultiInputController([2], num_input_blocks=3), 4),
    ],
)
def test_lengths(controller: Any, length: int) -> None:
    made = controller()
    assert made.total_arc_len == len(made.layout) == length
    assert made.sample(3).shape == (3, length)
    made.layout.validate(made.sample_arc)


def test_unique_connections_are_absolute() -> None:
    hot = {"temperature": 50.0, "tanh_constant": 0.1, "lstm_size": 4, "seed": 0}
    skips = GeneralController([1] * 6, skip_connection_unique_connection=True, **hot)
    for arc in skips.sample(300):
        rows = skips.layout.decode(arc).skips
        sources = [j for row in rows for j, bit in enumerate(row) if bit]
        assert len(sources) == len(set(sources))
    inputs = MultiInputController([1] * 5, num_input_blocks=3, **hot)
    reconnected = 0
    for arc in inputs.sample(300):
        rows = np.array(inputs.layout.decode(arc).inputs)
        assert (rows[:-1].sum(axis=0) <= 1).all()  # closed once used
        assert (rows.sum(axis=0) >= 1).all()  # all are used in the end
        reconnected += int((rows.sum(axis=0) > 1).any())
    assert reconnected > 100  # the last layer may take used ones again
    outputs = MultiIOController([1] * 5, with_input_blocks=False, num_output_blocks=3, **hot)
    for arc in outputs.sample(100):
        assert (np.array(outputs.layout.decode(arc).outputs).sum(axis=1) == 1).all()
    single = MultiInputController([2], num_input_blocks=3, **hot)
    assert (single.sample(20)[:, 1:] == 1).all()


def test_temperature_and_tanh_constant_bound_the_probabilities() -> None:
    def extremes(**more: Any) -> float:
        return max(each.max() for each in make("skips", spread=3.0, **more).sample_with_probs(50)[1])

    sharp, warm = extremes(temperature=0.1), extremes(temperature=10.0)
    assert sharp > 0.999 > 0.9 > warm
    logistic = 1 / (1 + np.exp(-2 * 0.25))
    assert extremes(temperature=0.01, tanh_constant=0.25) == pytest.approx(logistic, abs=1e-6)


def test_same_seed_same_architectures_and_global_generators_untouched() -> None:
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    first, second, other = (make("skips", seed=seed).sample(20).tolist() for seed in (1, 1, 2))
    assert first == second != other
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002


def test_a_single_architecture_is_drawn_as_one_of_many_is() -> None:
    one, other, third = (make("skips") for _ in range(3))
    arcs = [one.sample(1)[0].tolist() for _ in range(4)]
    assert [other.sample_arc.tolist() for _ in range(4)] == arcs
    assert [third.get_action()[0].tolist() for _ in range(4)] == arcs


def test_most_probable_takes_the_best_choice_in_turn() -> None:
    controller = make("outputs", spread=1.5)
    arc = controller.most_probable()
    for each, chosen in zip(controller.probabilities([arc]), _decided(controller, arc), strict=True):
        assert (np.take_along_axis(each[0], chosen, axis=-1) == each[0].max(axis=-1, keepdims=True)).all()


def _decided(controller: GeneralController, arc: np.ndarray) -> list[np.ndarray]:
    """Per decision the index that was chosen, with the axis of choices kept."""
    found, position = [], 0
    for each in controller.probabilities([arc]):
        width = each.shape[1] if each.ndim == 3 else 1
        is_row = each.ndim == 2 and controller.layout.names[position].startswith("out")
        width = each.shape[1] if is_row else width
        tokens = arc[position : position + width]
        found.append(np.array([tokens.argmax()]) if is_row else tokens[:, None] if each.ndim == 3 else tokens)
        position += width
    return found


def test_entropy_is_that_of_the_decisions() -> None:
    controller = make("operations", spread=1.5)
    arcs = every_arc(controller.layout)
    first, second = controller.probabilities(arcs)
    expected = -(first * np.log(first)).sum(axis=1) - (second * np.log(second)).sum(axis=1)
    np.testing.assert_allclose(controller.entropies(arcs), expected)
    probabilities = np.exp(controller.log_probabilities(arcs))
    # The mean over samples of the entropies on the way is the entropy of the whole policy.
    whole = -(probabilities * np.log(probabilities)).sum()
    assert (probabilities * controller.entropies(arcs)).sum() == pytest.approx(whole)


def test_described_policy_follows_its_description() -> None:
    controller = make("described", spread=1.5)
    arcs = controller.sample(5, np.zeros((1, 3)))
    rows = np.random.default_rng(0).normal(size=(5, 3))
    together = controller.log_probabilities(arcs, rows)
    alone = [controller.log_probabilities([arc], row[None])[0] for arc, row in zip(arcs, rows, strict=True)]
    np.testing.assert_allclose(together, alone)
    assert len({round(float(value), 6) for value in controller.log_probabilities(arcs[[0] * 5], rows)}) == 5
    np.testing.assert_allclose(controller.log_probabilities(arcs), controller.log_probabilities(arcs, np.zeros((1, 3))))
    with pytest.raises(DataError, match=r"\(1, 3\)"):
        controller.get_action(np.zeros((1, 4)))


def test_hundred_architectures_of_78_tokens_in_50_ms_and_a_step_in_a_second() -> None:
    controller = GeneralController([6] * 12, seed=0)
    arcs = controller.sample(100)
    advantages = np.linspace(-1, 1, 100)
    controller.update(arcs, advantages)  # JAX and TensorFlow compile here

    def best(action: Any) -> float:
        times = []
        for _ in range(8):
            start = time.thread_time()  # of this thread alone: other work on the machine does not count
            action()
            times.append(time.thread_time() - start)
        return min(times)

    assert best(lambda: controller.sample(100)) < 0.05
    assert best(lambda: controller.update(arcs, advantages)) < 1.0


MISTAKES: dict[str, tuple[Any, str]] = {
    "skip weight without skips": (
        lambda: GeneralController([2, 2], with_skip_connection=False, skip_weight=1.0),
        "skip_weight needs",
    ),
    "share with a later layer": (lambda: GeneralController([2, 2], share_embedding={0: 1}), "earlier"),
    "share with itself": (lambda: GeneralController([2, 2], share_embedding={1: 1}), "earlier"),
    "share between unequal layers": (lambda: GeneralController([2, 3], share_embedding={1: 0}), "equally many"),
    "misspelt keyword": (lambda: GeneralController([2], temprature=2.0), "Did you mean 'temperature'"),
    "temperature of zero": (lambda: GeneralController([2], temperature=0), "temperature must be positive"),
    "learning rate below zero": (lambda: GeneralController([2], learning_rate=-1.0), "learning_rate"),
    "unknown optimizer": (lambda: GeneralController([2], optim_algo="adams"), "optim_algo"),
    "unknown buffer": (lambda: GeneralController([2], buffer_type="list"), "Unknown buffer"),
    "target of one": (lambda: GeneralController([2, 2], skip_target=1.0), "skip_target"),
    "no inputs": (lambda: MultiInputController([2], num_input_blocks=0), "num_input_blocks"),
    "diversity without skip weight": (
        lambda: MultiIOController([2], skip_weight=None, output_block_diversity_weight=1.0),
        "needs skip_weight",
    ),
    "description without length": (lambda: ZeroShotController([2], {}), "length"),
    "hidden layer without units": (
        lambda: ZeroShotController([2], {"length": 2, "hidden_layer": {"activation": "relu"}}),
        "units",
    ),
    "unknown activation": (
        lambda: ZeroShotController([2], {"length": 2, "hidden_layer": {"units": 2, "activation": "gelu"}}),
        "gelu",
    ),
    "ordinal buffer for several data sets": (
        lambda: ZeroShotController([2], {"length": 2}, buffer_type="ordinal"),
        "MultiManagerBuffer",
    ),
    "description for a plain controller": (lambda: GeneralController([2]).get_action(np.zeros((1, 2))), "ZeroShot"),
    "weights of another shape": (lambda: GeneralController([2]).set_weights([np.zeros(3)]), "shapes"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake: str) -> None:
    action, words = MISTAKES[mistake]
    with pytest.raises(ConfigError, match=words):
        action()


@pytest.mark.parametrize("former", ["session", "verbose", "lr_init", "rescale_reward", "num_input_blocks"])
def test_keywords_of_the_first_amber_are_not_known_here(former: str) -> None:
    with pytest.raises(ConfigError, match=f"no argument of that name.*{former}="):
        controllers.GeneralController([2, 2], **{former: None})


@pytest.mark.parametrize("description", [np.zeros(2), np.zeros((1, 3)), np.zeros((2, 2)), np.zeros((1, 1, 2))])
def test_descriptions_of_another_shape_are_refused(description: np.ndarray) -> None:
    controller = ZeroShotController([2, 2], {"length": 2}, lstm_size=4, seed=0)
    assert controller.sample(3, np.ones((1, 2))).shape == controller.sample(3, np.ones((3, 2))).shape == (3, 3)
    with pytest.raises(DataError, match=r"\(1, 2\) or \(3, 2\). Received: shape"):
        controller.sample(3, description)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, {"l1": 0.0, "l2": 0.0}), ({"l1": 0.5}, {"l1": 0.5, "l2": 0.0}), ({"l2": 0.5}, {"l1": 0.0, "l2": 0.5})],
)
def test_a_penalty_that_is_not_given_is_none(given: dict[str, float] | None, kept: dict[str, float]) -> None:
    description = {"length": 2} | ({} if given is None else {"regularizer": given})
    controller = ZeroShotController([2], description, lstm_size=4, seed=0)
    assert controller.get_config()["data_description_config"] == {"length": 2, "regularizer": kept}


def test_tokens_outside_the_grammar_are_refused() -> None:
    controller = make("skips")
    with pytest.raises(ArchitectureError):
        controller.log_probabilities([[0, 0, 0, 0, 0, 2]])
    with pytest.raises(ArchitectureError):
        controller.store(None, controller.get_action()[1], [0, 0], 1.0)


def test_base_class_is_not_for_use() -> None:
    with pytest.raises(NotImplementedError, match="GeneralController"):
        BaseController([2], *[None] * 6)  # type: ignore[arg-type]


def test_nothing_of_the_users_is_changed() -> None:
    space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}, {"Layer_type": "identity"}]] * 2)
    before = space.to_dict()
    config = {"length": 2, "hidden_layer": {"units": 3, "activation": "relu"}, "regularizer": {"l1": 0.1}}
    controller = ZeroShotController(space, config, seed=0)
    assert config == {"length": 2, "hidden_layer": {"units": 3, "activation": "relu"}, "regularizer": {"l1": 0.1}}
    assert space.to_dict() == before and controller.state_space is controller.model_space is space
