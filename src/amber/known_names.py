"""Names that a configuration may hold, known without loading Keras or what registers them.

Keras and the registries are what counts; a test compares them. Names that a plug-in adds are only there.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

from amber.errors import ConfigError
from amber.wording import shown

LOSSES = frozenset(
    (
        "BCE BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy "
        "CategoricalFocalCrossentropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber KLD "
        "KLDivergence LogCosh MAE MAPE MSE MSLE MeanAbsoluteError MeanAbsolutePercentageError "
        "MeanSquaredError MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge "
        "Tversky bce binary_crossentropy binary_focal_crossentropy categorical_crossentropy "
        "categorical_focal_crossentropy categorical_hinge circle cosine_similarity ctc dice hinge huber "
        "kl_divergence kld log_cosh mae mape mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_error mean_squared_logarithmic_error mse msle poisson sparse_categorical_crossentropy "
        "squared_hinge tversky"
    ).split()
)

METRICS = frozenset(
    (
        "AUC Accuracy BCE BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy "
        "CategoricalCrossentropy CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore "
        "FalseNegatives FalsePositives Hinge IoU KLDivergence LogCoshError MAE MAPE MSE MSLE Mean "
        "MeanAbsoluteError MeanAbsolutePercentageError MeanIoU MeanSquaredError MeanSquaredLogarithmicError "
        "OneHotIoU OneHotMeanIoU PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall "
        "RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy "
        "SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge "
        "Sum TopKCategoricalAccuracy TrueNegatives TruePositives accuracy auc bce binary_accuracy "
        "binary_crossentropy binary_io_u categorical_accuracy categorical_crossentropy categorical_hinge "
        "concordance_correlation cosine_similarity f1_score f_beta_score false_negatives false_positives "
        "hinge io_u kl_divergence log_cosh_error mae mape mean mean_absolute_error "
        "mean_absolute_percentage_error mean_io_u mean_squared_error mean_squared_logarithmic_error mse msle "
        "one_hot_io_u one_hot_mean_io_u pearson_correlation poisson precision precision_at_recall r2_score "
        "recall recall_at_precision root_mean_squared_error sensitivity_at_specificity "
        "sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy "
        "specificity_at_sensitivity squared_hinge sum top_k_categorical_accuracy true_negatives "
        "true_positives"
    ).split()
)

_OF_ALL_OPTIMIZERS = (
    "clipnorm clipvalue ema_momentum ema_overwrite_frequency global_clipnorm gradient_accumulation_steps "
    "loss_scale_factor use_ema weight_decay"
)

OPTIMIZERS = {
    "adadelta": frozenset(f"{_OF_ALL_OPTIMIZERS} epsilon rho".split()),
    "adafactor": frozenset(
        f"{_OF_ALL_OPTIMIZERS} beta_2_decay clip_threshold epsilon_1 epsilon_2 relative_step".split()
    ),
    "adagrad": frozenset(f"{_OF_ALL_OPTIMIZERS} epsilon initial_accumulator_value".split()),
    "adam": frozenset(f"{_OF_ALL_OPTIMIZERS} amsgrad beta_1 beta_2 epsilon".split()),
    "adamax": frozenset(f"{_OF_ALL_OPTIMIZERS} beta_1 beta_2 epsilon".split()),
    "adamw": frozenset(f"{_OF_ALL_OPTIMIZERS} amsgrad beta_1 beta_2 epsilon".split()),
    "ftrl": frozenset(
        [
            *_OF_ALL_OPTIMIZERS.split(),
            *(
                "beta initial_accumulator_value l1_regularization_strength l2_regularization_strength "
                "l2_shrinkage_regularization_strength learning_rate_power"
            ).split(),
        ]
    ),
    "lion": frozenset(f"{_OF_ALL_OPTIMIZERS} beta_1 beta_2".split()),
    "muon": frozenset(
        [
            *_OF_ALL_OPTIMIZERS.split(),
            *(
                "adam_beta_1 adam_beta_2 adam_lr_ratio adam_weight_decay epsilon exclude_embeddings "
                "exclude_layers momentum muon_a muon_b muon_c nesterov ns_steps rms_rate"
            ).split(),
        ]
    ),
    "nadam": frozenset(f"{_OF_ALL_OPTIMIZERS} beta_1 beta_2 epsilon".split()),
    "rmsprop": frozenset(f"{_OF_ALL_OPTIMIZERS} centered epsilon momentum rho".split()),
    "schedulefreeadamw": frozenset(f"{_OF_ALL_OPTIMIZERS} beta_1 beta_2 epsilon warmup_steps".split()),
    "sgd": frozenset(f"{_OF_ALL_OPTIMIZERS} momentum nesterov".split()),
}

REWARDS = ("accuracy", "auprc", "auroc", "loss", "mcc", "pearson", "spearman")
KNOWLEDGE = ("block_hierarchy",)
PRUNERS = ("hyperband", "median", "percentile", "successive_halving", "threshold")
# Options of optimizers that are shares, such as how much of a moving average is kept.
_SHARES = frozenset({"beta_1", "beta_2", "rho", "momentum", "ema_momentum", "adam_beta_1", "adam_beta_2"})
_NOT_NEGATIVE = frozenset({"weight_decay", "epsilon", "clipnorm", "clipvalue", "global_clipnorm"})


def check_known(name: str, names: Collection[str], kind: str) -> None:
    """Raise ConfigError where a name, in any case, is not among those that there are; lists them.

    Args:
        name: as it was given.
        names: those that there are, in lower case.
        kind: what they are, for the message, such as `"pruner"`.
    """
    if name.strip().lower() not in names:
        close = difflib.get_close_matches(name.strip().lower(), names, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise ConfigError(f"Unknown {kind}: expected one of {', '.join(sorted(names))}.{hint} Received: {shown(name)}")


def optimizer_mistake(optimizer: str, option: str, value: object) -> str:
    """Return what is wrong with the value of an optimizer's option; empty where nothing is known to be.

    Args:
        optimizer: its name in Keras.
        option: one that it has.
        value: of that option.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if option in _SHARES and not 0 <= value < 1:
        return f"expected a number from 0 up to, but not including, 1 for {option} of {optimizer}. Received: {value}"
    if option in _NOT_NEGATIVE and value < 0:
        return f"expected 0 or more for {option} of {optimizer}. Received: {value}"
    return ""
