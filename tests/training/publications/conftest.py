from tests.training.web.conftest import browse, closed, complete, handed_in

__all__ = ["browse", "closed", "complete", "handed_in"]
