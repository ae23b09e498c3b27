"""Names that a configuration may hold, known without loading Keras or what registers them.

Keras and the registries are what counts; a test compares them. Names that a plug-in adds are only there.
"""

from __future__ import annotations

from collections.abc import Collection

from amber.checks import is_number
from amber.errors import ConfigError
from amber.wording import unknown_name

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

# What an attribute of an operation may name, by the end of the attribute's name. Keras distinguishes cases here.
OF_ATTRIBUTES = {
    "activation": frozenset(
        (
            "celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear "
            "log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign "
            "sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold"
        ).split()
    ),
    "initializer": frozenset(
        (
            "Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal "
            "LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer "
            "TruncatedNormal VarianceScaling Zeros constant glorot_normal glorot_uniform he_normal he_uniform "
            "identity lecun_normal lecun_uniform normal one ones orthogonal random_normal random_uniform stft "
            "truncated_normal uniform variance_scaling zero zeros"
        ).split()
    ),
    "regularizer": frozenset("L1 L1L2 L2 OrthogonalRegularizer l1 l1l2 l2 orthogonal_regularizer".split()),
    "constraint": frozenset("MaxNorm MinMaxNorm NonNeg UnitNorm max_norm min_max_norm non_neg unit_norm".split()),
}

REWARDS = ("accuracy", "auprc", "auroc", "loss", "mcc", "pearson", "spearman")
# Options of the sampler `controller`, with what their values must be; of others that is not known here.
CONTROLLER_OPTIONS = {
    **dict.fromkeys("batch_size buffer_size lstm_num_layers lstm_size train_pi_iter".split(), "count"),
    **dict.fromkeys("learning_rate tanh_constant temperature".split(), "positive"),
    **dict.fromkeys("lstm_keep_prob skip_target".split(), "share"),
    **dict.fromkeys(
        (
            "buffer_type entropy_weight input_block_unique_connection kl_threshold num_input_blocks num_output_blocks "
            "optim_algo output_block_diversity_weight output_block_unique_connection rescale_advantage_by_reward "
            "share_embedding skip_connection_unique_connection skip_weight use_ppo_loss with_input_blocks "
            "with_output_blocks with_skip_connection"
        ).split(),
        "",
    ),
}
KNOWLEDGE = ("block_hierarchy",)

DEFAULT_SAMPLER = "surrogate"
"""Of a search that names none, in a configuration or from Python."""

REFERENCES = ("basset", "cnnprom", "danq", "deepbind", "deepsea", "dilated_cnn")
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
        raise ConfigError(unknown_name(kind, name, names))


def optimizer_mistake(optimizer: str, option: str, value: object) -> str:
    """Return what is wrong with the value of an optimizer's option; empty where nothing is known to be.

    Args:
        optimizer: its name in Keras.
        option: one that it has.
        value: of that option.
    """
    if not is_number(value):
        return ""
    if option in _SHARES and not 0 <= value < 1:
        return f"expected a number from 0 up to, but not including, 1 for {option} of {optimizer}. Received: {value}"
    if option in _NOT_NEGATIVE and value < 0:
        return f"expected 0 or more for {option} of {optimizer}. Received: {value}"
    return ""
