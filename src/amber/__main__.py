"""`python -m amber`: the command, where its script is not on the path."""

from amber.cli.entry import main

if __name__ == "__main__":
    main()
