from training.core.errors import TrainingError


class TokenUnknownError(TrainingError):
    """No token, not one of ours, expired or revoked: from outside they look the same."""

    code = "token_unknown"
    http_status = 401


class PurposeMissingError(TrainingError):
    """The token is good, for something else."""

    code = "purpose_missing"
    http_status = 403
