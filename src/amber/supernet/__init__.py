"""Weight sharing: supernets, their child models, and getting a network out of one.

`base` says what a family of supernets must give; everything else is written once on that.
"""

# First: its faces of the first AMBER's modules import what is here, and would find it half loaded.
import amber.modeler  # noqa: F401
from amber.supernet.ann import AnnSupernet
from amber.supernet.base import Supernet, load_supernet
from amber.supernet.builders import EnasAnnModelBuilder, EnasCnnModelBuilder
from amber.supernet.child import SupernetModel
from amber.supernet.conv import ConvSupernet
from amber.supernet.dags import (
    EnasAnnDAG,
    EnasConv1dDAG,
    EnasConv1DwDataDescription,
    EnasConv1DwDataDescrption,
)
from amber.supernet.feature_blocks import FeatureBlocks
from amber.supernet.models import EnasAnnModel, EnasCnnModel

__all__ = [
    "AnnSupernet",
    "ConvSupernet",
    "EnasAnnDAG",
    "EnasAnnModel",
    "EnasAnnModelBuilder",
    "EnasCnnModel",
    "EnasCnnModelBuilder",
    "EnasConv1DwDataDescription",
    "EnasConv1DwDataDescrption",
    "EnasConv1dDAG",
    "FeatureBlocks",
    "Supernet",
    "SupernetModel",
    "load_supernet",
]
