"""Mail, where the server is told how to send it. Whoever calls hands the link over by hand where it is not."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.core.mail import send_mail

_log = logging.getLogger(__name__)


def send(to: str, subject: str, text: str) -> bool:
    """Send a plain mail; False when there is no mail server, or it does not take it."""
    if not settings.CONFIG.mail or not to:
        return False
    try:
        return bool(send_mail(" ".join(subject.split()), text, None, [to]))
    except (OSError, smtplib.SMTPException) as error:
        _log.warning("mail was not sent: %s", type(error).__name__)
        return False
