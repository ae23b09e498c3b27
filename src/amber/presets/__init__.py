"""Presets: model spaces by name, sized by a few facts about the data.

`preset_space("motif_cnn", DataFacts({"input": (400, 4)}, examples=10_000))` gives the sections `model_space` and
`builder` of a configuration. A preset is a pure function of these facts; it loads neither data nor Keras.
"""

from amber.presets.chosen import AUTO, PRESETS, chosen_preset, preset_space, register_preset
from amber.presets.facts import DataFacts, PresetSpace
from amber.presets.writing import written_out

__all__ = [
    "AUTO",
    "PRESETS",
    "DataFacts",
    "PresetSpace",
    "chosen_preset",
    "preset_space",
    "register_preset",
    "written_out",
]
