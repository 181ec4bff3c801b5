"""Rendering by local processes without Dask, for a script on a bare machine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from multiprocessing import get_context

from assets.miniature_set.scenes import Chunk, MapChunks


def in_processes(n_processes: int) -> MapChunks:
    """Chunks drawn by worker processes; an error in one ends all.

    The caller's main module must be importable without running it (`if __name__ == "__main__":`).
    """

    def run(function: Callable[[Chunk], int], chunks: Sequence[Chunk]) -> Iterator[int]:
        # A server that imported everything once forks the workers: quick, and free of our threads.
        context = get_context("forkserver")
        context.set_forkserver_preload(
            ["assets.miniature_set.scenes", "models.generation.training.examples"]
        )
        with closing(context.Pool(n_processes)) as pool:
            try:
                yield from pool.imap_unordered(function, chunks)
            except BaseException:
                pool.terminate()
                raise

    return run


def in_turn(function: Callable[[Chunk], int], chunks: Sequence[Chunk]) -> Iterator[int]:
    """Chunks drawn one after another in this process."""
    yield from map(function, chunks)
