"""The words of a report, each explained in a line for a reader who is not of the field of machine learning."""

from __future__ import annotations

TERMS = {
    "architecture": "the plan of a network: which layers it has, and how they are joined",
    "trial": "one architecture that was proposed, trained briefly and scored",
    "epoch": "one pass of training over all training examples",
    "loss": "what training makes smaller: how far predictions are from the truth",
    "parameters": "the numbers of a network that training sets",
    "training, validation, test": "parts of the data: to learn from, to choose by, and to judge the choice at the end",
    "linear model": "weighs each position on its own and adds up; a network that is worse has not been worth it",
    "95 % interval": "where the score would lie in 95 of 100 draws of as many examples from these (bootstrap)",
    "difference": "score of the network minus that of the linear model, on the same draws; where the interval holds 0, "
    "neither is better for sure",
    "accuracy": "share of examples whose class was predicted",
    "balanced accuracy": "mean over the classes of the share of their examples that are found; fair to rare classes",
    "F1": "precision and recall in one number, of the second of two classes or the mean over more; 1 at best",
    "log loss": "how improbable the true classes were to the model; 0 at best",
    "calibration error": "gap between the probability of the predicted class and how often it is right; 0 at best",
    "AUROC": "chance that a positive example is scored above a negative one; 0.5 by guessing, 1 at best",
    "AUPRC": "mean precision over all thresholds; the share of positives by guessing, 1 at best",
    "MCC": "correlation of true and predicted classes, fair to rare ones; 0 by guessing, 1 at best",
    "R2": "share of the variation that is explained; 0 for always saying the mean, 1 at best",
    "Pearson correlation": "how well predicted and true numbers lie on a line; 1 at best",
    "Spearman correlation": "how well their order agrees; 1 at best",
    "mean absolute error": "how far predictions are off on average, in the unit of the data",
    "mean of": "the best architecture was trained several times from different starts; predictions are averaged",
    "linear term": "the best model adds a linear model to the networks, weighed by what was best on validation data",
    "motif": "a pattern of bases that recurs in sequences and that the network reacts to",
    "logo": "a motif, drawn with each base as high as it is certain (in bits, 0 to 2) or as it contributes",
    "contribution": "how much a base raises or lowers the output, beside shuffled sequences (DeepLIFT)",
    "q": "share of false names among all as good ones; below 0.05 counts as a name",
    "Pareto front": "the networks that no smaller one is as good as",
    "skip connection": "a layer that also reads the output of an earlier one than the last",
}
"""Word of a report -> what it means."""


def terms_in(text: str) -> tuple[tuple[str, str], ...]:
    """Return the terms that a text has, each with its explanation, in the order of `TERMS`."""
    lower = text.lower()
    found = []
    for term, meaning in TERMS.items():
        words = [each.strip().lower() for each in term.split(",")]
        whole = any(_has_word(lower, each) for each in words)
        if whole:
            found.append((term, meaning))
    return tuple(found)


def _has_word(text: str, word: str) -> bool:
    """Say whether a word stands in a text between other signs than letters; the plural counts."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) :].removeprefix("s")[:1]
        if not before.isalnum() and not after.isalnum():
            return True
        at = text.find(word, at + 1)
    return False
