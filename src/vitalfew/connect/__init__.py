"""From a stranger's files to a workspace: recognise, ask little, write, say what comes next."""

from vitalfew.connect.opening import Begun, begin

__all__ = ["Begun", "begin"]
