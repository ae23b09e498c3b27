"""Decoders against the recorded facts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from tests.golden_cases import Tally, load

from amber.errors import ArchitectureError
from amber.modeler.architectureDecoder import MultiIOArchitecture, ResConvNetArchitecture, get_decoder

RECORDED: dict[str, Any] = load("decoder")


def check_residual(case: dict[str, Any], tally: Tally) -> None:
    decoder = ResConvNetArchitecture([5] * len(case["operations"]))
    operations, skips = decoder.decode(case["arc_seq"])
    assert (operations, skips) == (case["operations"], case["res_con"])
    assert decoder.encode(operations, skips) == case["encoded"]
    assert decoder.decode(np.array(case["arc_seq"])) == (operations, skips)
    tally.check("decoder")


def check_multi_io(case: dict[str, Any], tally: Tally) -> None:
    decoder = MultiIOArchitecture(case["num_layers"], case["num_inputs"], case["num_outputs"])
    operations, inputs, skips, outputs = decoder.decode(case["arc_seq"])
    assert operations == case["operations"]
    assert inputs.tolist() == case["inputs"] and list(inputs.shape) == case["inputs_shape"]
    assert skips == case["skips"]
    assert outputs.tolist() == case["outputs"] and list(outputs.shape) == case["outputs_shape"]
    assert decoder.encode(operations, inputs, skips, outputs) == case["arc_seq"]
    tally.check("decoder")


def check_wrong_length(decoder: Any, case: dict[str, Any], tally: Tally) -> None:
    """Length and bits are checked before anything is read; the original read some wrong ones silently (A7)."""
    if len(case["arc_seq"]) == len(decoder.layout):
        bits = case["inputs"] + case["skips"] + case["outputs"]
        assert any(bit > 1 for row in bits for bit in row), f"neither length nor bits are wrong: {case}"
    with pytest.raises(ArchitectureError, match="Received"):
        decoder.decode(case["arc_seq"])
    if "error" in case:
        tally.check("decoder")
    else:
        tally.supersede("decoder", "A7 length and bits are validated")


def walk() -> list[tuple[str, dict[str, Any]]]:
    return [
        (family, case) for family, cases in RECORDED.items() for case in (cases if isinstance(cases, list) else [cases])
    ]


def described_decoder(text: str) -> tuple[Any, list[int] | None]:
    """The decoder that a text describes, and its tokens where it holds them; no decoder where it says too little."""
    listed = re.search(r"\[([\d, ]*)\]", text)
    tokens = None if listed is None else [int(number) for number in re.findall(r"\d+", listed[1])]
    sizes = re.search(r"\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)", text)
    if sizes is not None:
        return MultiIOArchitecture(*(int(size) for size in sizes.groups())), tokens
    layers = re.search(r"(\d+)[ _]layers?", text)
    return (None if layers is None else ResConvNetArchitecture([5] * int(layers[1]))), tokens


@pytest.mark.parametrize(("family", "case"), walk())
def test_golden_decoder(family: str, case: dict[str, Any], tally: Tally) -> None:
    decoder, tokens = described_decoder(family)
    if "encoded" in case:
        check_residual(case, tally)
    elif "num_layers" in case:
        check_multi_io(case, tally)
    elif case and all(isinstance(exists, bool) for exists in case.values()):
        # Rule D: users asked for structured encode; every decoder has it now.
        assert all(hasattr(get_decoder(name), "encode") for name in case)
        tally.supersede("decoder", "D encode exists for every decoder")
    elif decoder is not None and ("arc_seq" in case or tokens is not None):
        check_wrong_length(decoder, {"arc_seq": tokens, **case}, tally)
    else:
        pytest.fail(f"a family nobody checks: {family}: {case}")
