"""A search on a SLURM cluster: dask-jobqueue submits one job for each worker, and AMBER searches on those that run.

Run it on a node that may submit jobs and that the nodes of the cluster can reach; it needs `amber-nas[torch,dask]`
there and on every node, in a directory that all see. `--show` prints the job script, and submits nothing.
"""

from __future__ import annotations

import argparse

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder


def make_cluster(arguments: argparse.Namespace) -> object:
    """Returns a cluster whose jobs have one worker each, with one GPU where asked for."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        queue=arguments.queue,
        cores=1,  # one child at a time; cpus of the job come next
        job_cpu=arguments.cpus,
        memory="16GB",
        walltime="08:00:00",
        job_extra_directives=["--gres=gpu:1"] if arguments.gpu else [],
    )


def search(address: str, arguments: argparse.Namespace) -> None:
    """Searches networks for splice junctions on all workers of a cluster."""
    from amber.data import load_dataset
    from amber.search import JournalStore, Objective, RunDirectory, SearchProgress, run_search
    from amber.search.executors import DaskExecutor, WorkerLimits

    data = load_dataset("splice")
    layer = [
        {"Layer_type": "conv1d", "filters": 32, "kernel_size": size, "activation": "relu"} for size in (3, 7, 11)
    ] + [{"Layer_type": "maxpool1d", "filters": 32, "pool_size": 4}, {"Layer_type": "identity", "filters": 32}]
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=data.train.x.shape[1:]),
        Operation("dense", units=3, activation="softmax"),
        fc_units=32,
        flatten_mode="GAP",
        model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        model_space=ModelSpace.from_dict([layer] * 6),
    )
    objective = Objective(builder, (data.train.x, data.train.y), (data.validation.x, data.validation.y), epochs=8)
    limits = WorkerLimits(time_limit=1800, trials_per_process=20, threads=arguments.cpus)
    found = run_search(
        objective,
        trials=arguments.trials,
        seed=0,
        # The same command goes on where the last job of the driver ended.
        store=JournalStore(RunDirectory.resume("runs/slurm"), resume=True),
        callbacks=[SearchProgress()],
        executor=DaskExecutor(address, limits=limits),
    )
    if found.best is not None:
        print(f"best {found.best.score:.4f}, tokens {' '.join(map(str, found.best.tokens))}")


def main() -> None:
    """Reads the arguments, starts the workers' jobs and searches."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--queue", default="normal")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--cpus", type=int, default=4)
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--show", action="store_true", help="print the job script and end")
    parser.add_argument("--address", help="of a Dask scheduler that is there already; no job is submitted")
    arguments = parser.parse_args()
    if arguments.address:
        search(arguments.address, arguments)
        return
    cluster = make_cluster(arguments)
    if arguments.show:
        print(cluster.job_script())
        return
    cluster.scale(jobs=arguments.jobs)
    search(cluster.scheduler_address, arguments)


if __name__ == "__main__":
    main()
