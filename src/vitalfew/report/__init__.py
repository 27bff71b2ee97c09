"""What people see of a run: terminal tables, static SVG pictures, one self-contained HTML report."""

from vitalfew.report.view import View

__all__ = ["View"]
