#!/bin/bash
# A search of 32 SLURM array tasks that share one study in a database; no task talks to another.
#   AMBER_STORAGE=postgresql://ann@db.lab/searches sbatch examples/slurm_array.sh examples/splice.yaml
# A task that is lost gives its trial back to the others. Submitted again, the tasks go on where the last ones ended.
# Where nodes can reach the one that searches, examples/slurm_search.py needs no database.
#SBATCH --job-name=amber
#SBATCH --array=0-31
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --time=08:00:00
#SBATCH --output=amber-%A_%a.log
#SBATCH --signal=B:TERM@120

set -euo pipefail
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
config=${1:?usage: sbatch slurm_array.sh CONFIG.yaml}
# SLURM sends TERM two minutes before the end: AMBER keeps the epoch it was in, and ends with 143.
exec amber search "$config" --storage "${AMBER_STORAGE:?a database that every node reaches}" \
    --run-directory "runs/array-${SLURM_ARRAY_TASK_ID:-0}" --resume --quiet
