"""The module path users of the first AMBER know; nothing else lives here."""

from amber.compat.plots import (
    plot_action_weights,
    plot_controller_performance,
    plot_environment_entropy,
    plot_stats2,
    plot_training_history,
    plot_wiring_weights,
    sma,
)

__all__ = [
    "plot_action_weights",
    "plot_controller_performance",
    "plot_environment_entropy",
    "plot_stats2",
    "plot_training_history",
    "plot_wiring_weights",
    "sma",
]
