"""The one error of a training whose loss is no number any more; nothing heavy is imported here."""


class DivergedError(ValueError):
    """A loss or its gradient is not finite: training on would leave weights that are worth nothing.

    Attributes:
        sample_ids: of the samples that the step learned from; empty where samples have no names.
    """

    def __init__(self, message: str, *, sample_ids: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.sample_ids = sample_ids
