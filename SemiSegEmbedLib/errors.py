"""The errors that a person is meant to read: each message is one sentence saying what is wrong and what to do."""

from __future__ import annotations


class SemiSegEmbedError(Exception):
    """Something went wrong that the user can act on; the doors show the message, never a traceback."""

    exit_code = 1


class BadInputError(SemiSegEmbedError):
    """The input (a file, a study, an argument) does not fit; nothing was changed."""

    exit_code = 2


class StoppedError(SemiSegEmbedError):
    """The work was stopped on request; what was done until then is kept."""

    exit_code = 3
