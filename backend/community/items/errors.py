from backend.errors import Conflict, NotFound


class ItemNotFound(NotFound):
    code = "item_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such item.")


class ItemArchived(Conflict):
    code = "item_archived"

    def __init__(self) -> None:
        super().__init__("This item is archived; it can only be taken back.")


class NotEnoughInStock(Conflict):
    code = "not_enough_in_stock"

    def __init__(self) -> None:
        super().__init__("There are not that many in stock.")


class NotEnoughHeld(Conflict):
    code = "not_enough_held"

    def __init__(self) -> None:
        super().__init__("The member does not have that many.")


class StockTooLarge(Conflict):
    code = "stock_too_large"

    def __init__(self) -> None:
        super().__init__("Nobody can have that many.")
