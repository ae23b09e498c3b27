"""Where scripts of versions before 0.2 import `load_config` from; it lives in `amber.experiment.configuration`."""

from amber.experiment.configuration.reading import check_config, config_from_text, load_config

__all__ = ["check_config", "config_from_text", "load_config"]
