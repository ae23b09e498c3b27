"""Weight sharing: supernets, their child models, and getting a network out of one.

`base` says what a family of supernets must give; everything else is written once on that.
"""

from amber.modeler.supernet.ann import AnnSupernet
from amber.modeler.supernet.base import Supernet
from amber.modeler.supernet.builders import EnasAnnModelBuilder, EnasCnnModelBuilder
from amber.modeler.supernet.child import SupernetModel
from amber.modeler.supernet.conv import ConvSupernet
from amber.modeler.supernet.dags import (
    EnasAnnDAG,
    EnasConv1dDAG,
    EnasConv1DwDataDescription,
    EnasConv1DwDataDescrption,
)
from amber.modeler.supernet.feature_blocks import FeatureBlocks
from amber.modeler.supernet.models import EnasAnnModel, EnasCnnModel
from amber.modeler.supernet.store import load_supernet

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
