"""Weight sharing: supernets, their child models, and extraction of standalone networks.

`base` says what a family of supernets must define; everything else is written once, on top of it.
"""

# First: its faces of the first AMBER's modules import what is here, and would find it half loaded.
import amber.modeler  # noqa: F401
from amber.supernet.ann import AnnSupernet
from amber.supernet.base import Supernet, load_supernet
from amber.supernet.child import SupernetModel
from amber.supernet.conv import ConvSupernet
from amber.supernet.factory import SupernetFactory
from amber.supernet.feature_blocks import FeatureBlocks
from amber.supernet.settings import AnnSettings, ConvSettings

__all__ = [
    "AnnSettings",
    "AnnSupernet",
    "ConvSettings",
    "ConvSupernet",
    "FeatureBlocks",
    "Supernet",
    "SupernetFactory",
    "SupernetModel",
    "load_supernet",
]
