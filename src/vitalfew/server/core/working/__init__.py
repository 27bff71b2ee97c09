"""Long work, done apart: a process that can be killed, that reaches nothing it need not, watched by the worker."""
