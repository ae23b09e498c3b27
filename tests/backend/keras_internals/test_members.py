"""What AMBER expects of each member that Keras does not document."""

from __future__ import annotations

import io
import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from amber.backend.batch_order import BatchOrder, OrderedBatches
from amber.backend.keras_internals import fit, graphs, models, process, steps, variables

pytestmark = pytest.mark.parity
BACKEND = keras.config.backend()
X = np.arange(24, dtype="float32").reshape(6, 4) / 10
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture
def model() -> Any:
    inputs = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="within")], name="inner")
    made = keras.Model({"x": inputs}, [inner(layers.Dense(3, name="outside")(inputs))], name="made")
    made.compile(keras.optimizers.Adam(0.1), "mse", metrics=["mae"])
    return made


@pytest.fixture
def trained(model: Any) -> Any:
    model.fit({"x": X}, Y, batch_size=3, verbose=0)
    return model


def array(tensor: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(tensor))


class TestVariables:
    def test_the_tensor_of_a_variable_is_its_value(self) -> None:
        variable = keras.Variable(X)
        np.testing.assert_array_equal(array(variables.tensor_of(variable)), X)
        variable.assign(X + 1)
        np.testing.assert_array_equal(array(variables.tensor_of(variable)), X + 1)

    @pytest.mark.parametrize(
        "make, shape",
        [
            (lambda: layers.Dense(2), (4,)),
            (lambda: layers.Conv1D(2, 3), (5, 4)),
            (lambda: layers.Conv2D(2, 3), (5, 5, 4)),
        ],
        ids=["dense", "conv1d", "conv2d"],
    )
    def test_the_kernel_of_a_layer_is_its_first_weight(self, make: Any, shape: Any) -> None:
        layer = make()
        layer.build((None, *shape))
        assert variables.kernel_of(layer) is layer.weights[0]

    def test_a_switch_of_its_own(self) -> None:
        layer = layers.Dense(2)
        layer.build((None, 3))
        assert variables.is_trainable_by_itself(layer) and variables.is_trainable_by_itself(layer.weights[0])
        layer.weights[0].trainable = False
        assert not variables.is_trainable_by_itself(layer.weights[0])


class TestGraphs:
    def test_a_model_of_tensors_is_functional(self, model: Any) -> None:
        assert type(model) is graphs.Functional

    def test_nodes_hold_operations_from_inputs_to_outputs(self, model: Any) -> None:
        by_depth = graphs.nodes_by_depth(model)
        names = [node.operation.name for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
        assert names == ["x", "outside", "inner"]
        last = by_depth[0][0]
        assert last.outputs[0] is model.outputs[0] and not last.is_input
        assert last.input_tensors[0] is by_depth[1][0].outputs[0]
        assert last.arguments.args[0] is last.input_tensors[0]

    def test_calls_are_in_order_and_know_their_arguments(self, model: Any) -> None:
        first, last = graphs.calls_in_order(model)
        assert [first.layer.name, last.layer.name] == ["outside", "inner"]
        assert first.inputs == (id(model.inputs[0]),) and first.outputs == last.inputs
        assert last.outputs == (id(model.outputs[0]),)
        assert first.arguments({id(model.inputs[0]): "a tensor"}) == (("a tensor",), {})

    def test_layers_within_are_all_of_them(self, model: Any) -> None:
        found = list(graphs.layers_within(model))
        assert found[0] is model
        assert {"outside", "inner", "within"} <= {layer.name for layer in found}
        assert graphs.layer_count(model) == len(model.layers)

    def test_a_sequential_holds_a_functional_model(self, model: Any) -> None:
        inner = model.get_layer("inner")
        assert type(graphs.functional_of(inner)) is graphs.Functional
        dense = model.get_layer("outside")
        assert graphs.functional_of(dense) is dense

    def test_structures_are_those_given(self, model: Any) -> None:
        assert list(graphs.input_structure(model)) == ["x"]
        assert isinstance(graphs.output_structure(model), list)

    def test_inputs_are_put_in_order(self, model: Any) -> None:
        (found,) = graphs.standardized_inputs(model, {"x": X.astype("float64")})
        assert keras.backend.standardize_dtype(found.dtype) == "float32"

    @pytest.mark.parametrize("shapes, reshapes", [([(4,), (4,)], False), ([(4,), (2, 4)], True)])
    def test_a_merge_knows_whether_it_reshapes(self, shapes: list[Any], reshapes: bool) -> None:
        merge = layers.Add()
        merge([keras.Input(shape) for shape in shapes])
        assert graphs.reshapes(merge) is reshapes
        assert len(graphs.inbound_nodes(merge)) == 1 and len(graphs.inbound_nodes(merge)[0].input_tensors) == 2

    def test_a_model_marked_as_called_says_so(self, model: Any) -> None:
        graphs.mark_as_called(model)
        assert model._called


class TestModels:
    def test_compiled_parts_are_replaced_by_compiling(self, trained: Any) -> None:
        loss, metrics = models.compiled_loss(trained), models.compiled_metrics(trained)
        assert loss is not None and metrics is not None
        trained.compile("sgd", "mae", metrics=["mse"])
        assert models.compiled_loss(trained) is not loss
        assert models.compiled_metrics(trained) is not metrics

    def test_the_loss_of_a_batch_has_the_penalties(self, trained: Any) -> None:
        predicted = trained({"x": X})
        y = ops.convert_to_tensor(Y)
        found = float(models.compute_loss(trained, None, y, predicted, None, False))
        assert found == pytest.approx(float(trained.compute_loss(None, y, predicted, None)))

    def test_the_tracker_averages_the_loss(self, trained: Any) -> None:
        found = trained.evaluate({"x": X}, Y, batch_size=6, verbose=0, return_dict=True)
        assert float(models.loss_tracker(trained).result()) == pytest.approx(found["loss"])

    def test_a_model_that_is_not_compiled_is_refused(self) -> None:
        inputs = keras.Input((1,))
        with pytest.raises(ValueError, match="compile"):
            models.check_compiled(keras.Model(inputs, inputs), "fit")

    @pytest.mark.parametrize("forget", [models.forget_losses, models.forget_own_losses])
    def test_losses_are_forgotten(self, forget: Any) -> None:
        class Adding(keras.Model):
            def call(self, x: Any) -> Any:
                self.add_loss(ops.sum(x))
                return x

        adding = Adding()
        adding(X)
        assert adding.losses
        forget(adding)
        assert not adding.losses

    if BACKEND != "tensorflow":  # Keras on TensorFlow builds in its trace

        def test_metrics_are_asked_where_steps_report_nothing(self) -> None:
            class Silent(models.LateReports, graphs.Functional):
                def train_step(self, *arguments: Any) -> Any:
                    found = super().train_step(*arguments)
                    return found if BACKEND == "jax" else models.Unreported()

                def get_metrics_result(self) -> Any:
                    return {"loss": 7.0}

            inputs = keras.Input((4,))
            silent = Silent(inputs, layers.Dense(1)(inputs))
            silent.compile("adam", "mse")
            assert silent.fit(X, Y, batch_size=3, epochs=1, verbose=0).history["loss"] == [7.0]


class TestLosses:
    def test_the_only_loss_and_its_arguments(self, trained: Any) -> None:
        loss = steps.only_loss(models.compiled_loss(trained))
        assert isinstance(loss, steps.LossFunctionWrapper) and loss.fn is keras.losses.mean_squared_error
        smooth = keras.losses.BinaryCrossentropy(label_smoothing=0.25)
        assert steps.loss_arguments(smooth)["label_smoothing"] == 0.25

    def test_a_loss_with_a_weight_is_not_the_only_one(self, trained: Any) -> None:
        trained.compile("sgd", "mse", loss_weights=[2.0])
        trained.fit({"x": X}, Y, verbose=0)
        assert steps.only_loss(models.compiled_loss(trained)) is None

    def test_a_mean_metric_has_a_function(self) -> None:
        assert steps.metric_function(keras.metrics.MeanAbsoluteError()) is keras.losses.mean_absolute_error

    def test_stock_things_are_told_from_others(self) -> None:
        assert steps.is_stock(keras.losses.mean_squared_error) and steps.is_stock(keras.metrics.AUC)
        assert not steps.is_stock(array)


class TestOptimizers:
    def test_slots_and_counter_are_those_of_the_update(self) -> None:
        variable = keras.Variable(X)
        optimizer = keras.optimizers.Adam(0.1, beta_1=0.5)
        optimizer.build([variable])
        optimizer.apply([ops.ones((6, 4))], [variable])
        assert int(array(steps.steps_done(optimizer))) == 1
        (momentum,) = steps.slots(optimizer, steps.MOMENTUMS, [variable])
        np.testing.assert_allclose(array(momentum), 0.5)
        assert steps.slot(optimizer, steps.VELOCITIES, variable).shape == variable.shape

    if BACKEND == "torch":  # only the torch update reads it

        @pytest.mark.parametrize("rate", [0.25, keras.optimizers.schedules.ExponentialDecay(0.25, 1, 0.5)], ids=type)
        def test_the_rate_is_that_of_the_next_step(self, rate: Any) -> None:
            variable = keras.Variable(X)
            optimizer = keras.optimizers.Adam(rate)
            optimizer.build([variable])
            assert steps.learning_rate(optimizer) == pytest.approx(0.25)
            optimizer.apply([ops.ones((6, 4))], [variable])
            assert steps.learning_rate(optimizer) == pytest.approx(0.25 if isinstance(rate, float) else 0.125)

    def test_gradients_are_clipped_and_weights_decay(self) -> None:
        variable = keras.Variable(X)
        optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5, clipvalue=0.25)
        optimizer.build([variable])
        (clipped,) = steps.clipped(optimizer, [ops.convert_to_tensor(X)])
        assert float(array(clipped).max()) == 0.25
        steps.decay(optimizer, [variable])
        np.testing.assert_allclose(array(variable), X * (1 - 0.05), rtol=1e-5)

    def test_only_adam_as_keras_made_it_counts(self) -> None:
        class Own(keras.optimizers.Adam):
            pass

        assert steps.is_stock_adam(keras.optimizers.Adam()) and steps.is_stock_adam(keras.optimizers.AdamW())
        assert not steps.is_stock_adam(Own()) and not steps.is_stock_adam(keras.optimizers.SGD())
        patched = keras.optimizers.Adam()
        vars(patched)["apply"] = print
        assert not steps.is_stock_adam(patched)


class TestAdapters:
    def test_an_array_adapter_knows_its_arrays(self) -> None:
        adapter = fit.ArrayAdapter(X, Y, batch_size=4, shuffle="batch")
        assert (adapter.samples, adapter.rows_per_batch, adapter.shuffles, adapter.num_batches) == (6, 4, "batch", 2)
        if BACKEND != "jax":
            first, second = (getattr(each, "array", each) for each in adapter.sliceable(BACKEND))
            np.testing.assert_array_equal(np.asarray(first), X)
            np.testing.assert_array_equal(np.asarray(second), Y)

    def test_validation_is_the_last_part(self) -> None:
        train, validation = fit.train_validation_split((X, Y, None), validation_split=0.5)
        np.testing.assert_array_equal(validation[0], X[3:])
        assert len(train[1]) == 3

    def test_any_data_has_an_adapter(self) -> None:
        assert fit.get_data_adapter(X, Y, batch_size=4).num_batches == 2

    @pytest.mark.parametrize("workers", [1, 2])
    def test_batches_come_in_their_order(self, workers: int) -> None:
        batches = OrderedBatches((X, Y), BatchOrder(np.array([5, 0, 3])), 2, workers)
        adapter = fit.BatchesAdapter(batches)
        assert adapter.reads_ahead == (workers > 1)
        adapter.on_epoch_begin()
        found = list(adapter.batches())
        adapter.on_epoch_end()
        np.testing.assert_array_equal(np.concatenate([x for x, _ in found]), X[[5, 0, 3]])


class TestCallbacks:
    def test_own_hooks_are_told_from_inherited_ones(self) -> None:
        class Own(keras.callbacks.Callback):
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None: ...

        assert fit.is_default(Own().on_epoch_end) and not fit.is_default(Own().on_train_batch_end)

    def test_a_synchronous_list_calls_at_once(self, model: Any) -> None:
        found = fit.SynchronousCallbackList([keras.callbacks.Callback()], model=model)
        assert not (found._async_train or found._async_test or found._async_predict)


class TestGlobalState:
    def test_the_seed_generator_is_put_back(self) -> None:
        keras.utils.set_random_seed(5)
        process.make_seed_generator()
        put_back = process.keep_seed_generator()
        first = array(keras.random.normal((3,)))
        put_back()
        np.testing.assert_array_equal(array(keras.random.normal((3,))), first)

    def test_deferred_variables_are_forgotten(self) -> None:
        put_back = process.keep_deferred_variables()
        with keras.StatelessScope(initialize_variables=False):
            variable = keras.Variable(initializer="ones", shape=(2,))
        put_back()
        # Nothing initialises it when the next scope ends.
        with keras.StatelessScope():
            pass
        assert variables.tensor_of(variable) is None

    def test_python_draws_are_not_disturbed(self) -> None:
        random.seed(3)
        state = random.getstate()
        process.keep_seed_generator()()
        assert random.getstate() == state


if BACKEND == "torch":  # of Keras on torch

    class TestTorchRuntime:
        def test_scopes_that_replace_variables_are_known(self) -> None:
            from amber.backend.keras_internals.torch_runtime import get_device, replaces_variables

            assert not replaces_variables() and get_device() == "cpu"
            with keras.StatelessScope():
                assert replaces_variables()
            with keras.device("meta"):
                assert replaces_variables() and get_device() == "meta"

        def test_conversion(self) -> None:
            import torch

            from amber.backend.keras_internals.torch_runtime import convert_to_tensor, to_torch_dtype

            assert to_torch_dtype("float32") is torch.float32
            assert convert_to_tensor(X).dtype is torch.float32

        def test_masks_are_read(self) -> None:
            from amber.backend.keras_internals.torch_runtime import get_keras_mask

            masked = layers.Masking()(ops.convert_to_tensor(X[:, :, None]))
            assert get_keras_mask(masked) is not None and get_keras_mask(ops.convert_to_tensor(X)) is None

        def test_the_context_of_a_call_says_whether_it_trains(self, model: Any) -> None:
            from amber.backend.keras_internals.torch_runtime import call_context, close_call_context

            assert call_context(model, True).training is True
            close_call_context(model)
            assert call_context(model, False).training is False
            close_call_context(model)


if BACKEND == "jax":  # of Keras on JAX

    def test_a_name_is_a_device_of_jax() -> None:
        from amber.backend.keras_internals.distribution import jax_device

        assert jax_device("cpu:0").platform == "cpu"


if BACKEND == "tensorflow":  # of Keras on TensorFlow

    def test_the_batch_to_build_with_can_be_chosen() -> None:
        from amber.backend.keras_internals.distribution import SymbolicBuildHooks, has_stock_test_step

        chosen: list[Any] = []

        class Hooked(SymbolicBuildHooks, graphs.Functional):
            def first_batch_of(self, iterator: Any) -> Any:
                chosen.append(iterator)
                return None

        inputs = keras.Input((4,))
        hooked = Hooked(inputs, layers.Dense(1)(inputs))
        hooked.compile("adam", "mse")
        hooked.fit(X, Y, verbose=0)
        assert chosen
        assert has_stock_test_step(Hooked)
        assert not models.is_within_strategy(hooked)


@pytest.mark.filterwarnings("error:The structure of:UserWarning")
@pytest.mark.parametrize("given", [X, [X], (X,), {"x": X}], ids=lambda given: type(given).__name__)
def test_the_only_input_may_come_in_a_list_or_by_its_name(given: Any) -> None:
    """A table of numbers comes by the name of its block; Keras warned of that in the middle of a search."""
    from amber.backend.models import ChildModel

    inputs = keras.Input((4,), name="x")
    made = ChildModel(inputs, layers.Dense(1)(inputs))
    made.compile("sgd", "mse")
    made.fit(given, Y, verbose=0)
    assert made.evaluate(given, Y, verbose=0) >= 0
    np.testing.assert_allclose(ops.convert_to_numpy(made(given)), made.predict(X, verbose=0), atol=1e-5)


def test_a_plain_functional_model_is_pickled_as_itself() -> None:
    import pickle

    from amber.backend.keras_internals.graphs import PlainFunctional

    inputs = keras.Input((4,))
    made = PlainFunctional(inputs, layers.Dense(1)(inputs))
    stream = io.BytesIO(pickle.dumps(made))
    loaded = pickle.load(stream)
    assert type(loaded) is PlainFunctional and loaded.__class__ is graphs.Functional
