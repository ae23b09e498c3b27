"""What a model card says of motifs."""

from __future__ import annotations

import subprocess
import sys

from amber.data.targets.target import Binary
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.card import CardContents, card_text
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading
from amber.types import JsonObject

RECORD = {"description": "conv4", "parameters": 10}


def card(table: str, test: JsonObject | None = None) -> str:
    task = TaskSpec({"input": (60, 4)}, {"output": Binary("free", "bound")})
    known = Preprocessing(task, {"input": SequenceReading("ACGT", 60, None, "mean")}, {}, {})
    return card_text(CardContents("yeast", RECORD, test or {}, known, motifs=table))


def test_a_motif_is_called_by_a_name_only_where_few_such_names_are_false() -> None:
    text = card(
        "motif,consensus,places,sequences,resembles,factor,q\n"
        "m1,CCGGGTAA,90,80,MA0363.2,REB1,1.0001234e-05\n"
        "m2,TTTTTT,40,30,MA0001.1,FKH1,0.2\n"  # as earlier versions wrote it
        "m3,ACGTAC,30,20,,,\n"
        "m4,ACGTAA,30,20,MA0002.1,,0.05\n"
    )
    rows = [line for line in text.splitlines() if line.startswith("| m")][1:]
    assert [row.split(" | ")[3:] for row in rows] == [
        ["REB1 (MA0363.2)", "1e-05 |"],
        ["no known motif", "- |"],
        ["no known motif", "- |"],
        ["MA0002.1", "0.05 |"],
    ]
    assert "FKH1" not in text


def test_a_card_says_what_the_one_number_of_two_classes_is() -> None:
    said = "one of the classes: free, bound; the network gives one number, the probability of bound |"
    assert f"| output | `output` | {said}" in card("")


def test_a_card_has_the_scores_of_each_label() -> None:
    own = {"auroc": {"value": 0.9, "low": 0.8, "high": 0.95}, "auprc": {"value": 0.5, "low": 0.4, "high": 0.6}}
    many = {f"l{number}": own for number in range(31)}
    text = card("", {"evaluation": {"y": {"examples": 10, "scores": own, "per_class": {"a|b": own, **many}}}})
    assert "| class, label or number | AUROC | AUPRC |" in text
    assert "| a\\|b | 0.9000 (0.8000 to 0.9500) | 0.5000 (0.4000 to 0.6000) |" in text
    assert "2 more are in `scores.json`." in text


def test_a_card_is_written_without_keras() -> None:
    program = "import sys, amber.experiment.trained.card; sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
