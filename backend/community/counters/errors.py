from backend.errors import Conflict, Invalid, NotFound


class CounterNotFound(NotFound):
    code = "counter_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such counter.")


class CounterExists(Conflict):
    code = "counter_exists"

    def __init__(self) -> None:
        super().__init__("There is a counter with this key already.")


class TooManyCounters(Conflict):
    code = "too_many_counters"

    def __init__(self) -> None:
        super().__init__("A community keeps 60 counters of its own at most.")


class CounterOutOfRange(Invalid):
    code = "counter_out_of_range"

    def __init__(self) -> None:
        super().__init__("A counter cannot fall below zero, nor rise above 2^53 - 1.")
