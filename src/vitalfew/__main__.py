"""`python -m vitalfew` is the command line."""

from vitalfew.cli import main

if __name__ == "__main__":
    main()
