"""The module path users of the first AMBER know; nothing else lives here."""

from amber.modeler.architecture_decoder import MultiIOArchitecture
from amber.modeler.architecture_decoder import ResConvNetArchitecture
from amber.modeler.architecture_decoder import get_decoder

__all__ = ["MultiIOArchitecture", "ResConvNetArchitecture", "get_decoder"]
