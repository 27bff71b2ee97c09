"""What people see of a run: terminal tables, static SVG pictures, one self-contained HTML report."""

from vitalfew.report.html import write_html
from vitalfew.report.notebook import notebook_html
from vitalfew.report.terminal import as_text, print_findings, print_run, run_text
from vitalfew.report.view import View

__all__ = ["View", "as_text", "notebook_html", "print_findings", "print_run", "run_text", "write_html"]
