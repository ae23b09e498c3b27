"""How far one search scales: AMBER's own time per trial, how busy workers are, and memory over many trials."""
