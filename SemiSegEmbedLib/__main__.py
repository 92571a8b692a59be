"""`python -m SemiSegEmbedLib`: the terminal door."""

import sys

from SemiSegEmbedLib.cli import main

if __name__ == "__main__":
    sys.exit(main())
