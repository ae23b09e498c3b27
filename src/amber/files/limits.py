"""How large an input may be: every limit on what somebody else may have written, in one place.

They are far above what real searches need (200 layers of 50 candidates, 919 classes) and low enough that anything
beyond is refused at once instead of filling the memory. A message about a limit names it.
"""

from __future__ import annotations

from amber.files import MEBIBYTE

# A configuration in YAML. A space of 200 layers with 50 candidates each, all written out, is about 1 MiB.
CONFIGURATION_BYTES = 4 * MEBIBYTE
# Values of a configuration, each counted as often as aliases (`*name`) and merge keys (`<<`) repeat it.
CONFIGURATION_VALUES = 200_000
# Lists and mappings within each other, in YAML and JSON.
DEPTH = 64
# Digits of a number; `int` refuses more than 4,300, and takes its time below.
DIGITS = 400
# Whole numbers, in YAML and JSON: what 64 bits hold.
SMALLEST_INTEGER, LARGEST_INTEGER = -(2**63), 2**63 - 1
# A JSON file, such as best.json, which holds a configuration and its space.
JSON_BYTES = 16 * MEBIBYTE
# Values of a JSON text; each takes up to 250 bytes of memory.
JSON_VALUES = 1_000_000
# Layers of a model space, operations of it, and nodes of a network.
LAYERS = 1_000
CANDIDATES = 50_000
NODES = 100_000
# Units or filters of one layer, and weights of one network: what WEIGHTS_BYTES hold in 32 bits.
WIDTH = 1_000_000
PARAMETERS = 2 * 1024 * MEBIBYTE
# A file of motifs, or a table of those that were found.
MOTIF_BYTES = 100 * MEBIBYTE
# Tokens of an architecture: 1,000 layers with skip connections have 500,500.
TOKENS = 1_000_000
TOKENS_CHARACTERS = 4_000_000
# Of a name in a network.
NAME_CHARACTERS = 1_000
# Numbers of one example, as a network's input: 2 million bases in four channels are 8 million.
EXAMPLE_SIZE = 1_000_000_000
# Numbers of a simulated data set: examples x length.
SIMULATED_SIZE = 500_000_000
# A file of weights or of a policy in HDF5, a checkpoint, a model: what its arrays may take in memory.
WEIGHTS_BYTES = 8 * 1024 * MEBIBYTE
# How many times as large as in its archive a file may become, where it becomes larger than UNPACKED_BYTES.
COMPRESSION = 20
UNPACKED_BYTES = 16 * MEBIBYTE
# The description in a file of weights or in a model file, as JSON.
DESCRIPTION_BYTES = 16 * MEBIBYTE
# Files in a model file, and arrays in a file of weights.
MEMBERS = 100_000
# A file of data, once decompressed: this share of the machine's memory, unless `data.size_limit` says otherwise.
DATA_MEMORY_SHARE = 8
# How many times as large as its file a compressed file of data may become, beyond the first megabytes.
DATA_COMPRESSION = 100
DATA_UNCHECKED_BYTES = 64 * MEBIBYTE
# The first line of a file of data, which names its columns.
HEADER_BYTES = 16 * MEBIBYTE
