"""Commands whose TOKENS may begin with a minus sign, which is a mistake in the tokens and not an option."""

from __future__ import annotations

import itertools
import re
from typing import Any

from typer.core import TyperCommand, TyperOption


class TokensCommand(TyperCommand):
    """Command that takes `-1,0` for tokens, so that it can say what is wrong with them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; a number that is not the value of an option is put in brackets, as tokens may be."""
        takes_value = {
            name
            for each in self.params
            if isinstance(each, TyperOption) and not each.is_flag
            for name in (*each.opts, *each.secondary_opts)
        }
        marked = [
            f"[{argument}]" if re.match("-[0-9]", argument) and last not in takes_value else argument
            for last, argument in itertools.pairwise(["", *args])
        ]
        return super().parse_args(ctx, marked)
