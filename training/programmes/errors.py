from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from training.core.errors import InvalidInputError

Loc = tuple[int | str, ...]


class RulesRefusedError(InvalidInputError):
    """Rules that cannot be kept; `problems` are (where in the rules, what is wrong there), in words."""

    def __init__(self, problems: Sequence[tuple[Loc, str]]) -> None:
        said = _("；").join(message for _loc, message in problems)
        super().__init__(said)
        self.problems = list(problems)


class RegionsRefusedError(InvalidInputError):
    """A list of regions of which nothing was taken; `problems` are (line, what is wrong), lines from 1."""

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        super().__init__(_("名单有 %(count)s 处错误，一行也没有导入。") % {"count": len(problems)})
        self.problems = list(problems)
