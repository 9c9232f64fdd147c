"""A verb run by several processes at once, as torchrun starts them: one talks."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections.abc import Callable
from typing import ParamSpec

from pottsfold.commands.main import BAD_USAGE
from pottsfold.commands.wording import in_options
from pottsfold.errors import PottsfoldError
from pottsfold.inference.on_torch.ranks import DeviceFull, ProcessLost, launched

P = ParamSpec("P")
# Seconds that a silent process leaves the first one to tell an error of both.
PATIENCE = 30.0


def one_talks(verb: Callable[P, None]) -> Callable[P, None]:
    """Return a verb with all processes but the first silent.

    They meet with the same errors, which the first one tells; only that its device has
    no memory left is a process's own.
    """

    @functools.wraps(verb)
    def called(*args: P.args, **kwargs: P.kwargs) -> None:
        ranks = launched()
        if ranks.leads:
            return verb(*args, **kwargs)
        with open(os.devnull, "w") as silence, contextlib.redirect_stderr(silence):
            try:
                return verb(*args, **kwargs)
            except DeviceFull as error:
                line = f"pottsfold: process {ranks.rank}: {in_options(str(error))}"
                print(line, file=sys.__stderr__)
                sys.exit(BAD_USAGE)
            except (ProcessLost, KeyboardInterrupt):
                sys.exit(BAD_USAGE)
            except PottsfoldError:
                # torchrun ends the others once one has ended: the first one speaks
                # before that.
                with contextlib.suppress(KeyboardInterrupt):
                    time.sleep(PATIENCE)
                sys.exit(BAD_USAGE)

    return called
