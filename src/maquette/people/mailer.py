"""Sends mails by SMTP, or says in the log what they would have said."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

from maquette.core.errors import InvalidSettings
from maquette.people.mails import Mail

PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT_S = 20.0
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}

log = logging.getLogger(__name__)


class Mailer:
    """Where mails go: to a server, by a URL like smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, or,
    where there is none, to the studio's log. Raises InvalidSettings.
    """

    def __init__(self, url: str | None) -> None:
        self._url = None
        if not url:
            return
        try:
            self._url = urlsplit(url)
            fits = self._url.scheme in PORTS and self._url.hostname and self._url.port != 0
        except ValueError:  # whose message has parts of the URL, which may be of the password
            fits = False
        self._from = parse_qs(self._url.query).get("from", [""])[0] if self._url else ""
        if not fits or "@" not in self._from:
            raise InvalidSettings(
                "smtp names no server, or not from whom; write it as "
                "smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS, with / as %2F, # as %23 in a password"
            )

    def send(self, mail: Mail) -> None:
        """What fails is in the log; people can have a mail sent again."""
        if self._url is None:
            log.warning("no smtp is set, so this mail to %s is not sent:\n%s", mail.to, mail.text)
            return
        try:
            self._send(mail)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("a mail to %s cannot be sent: %s", mail.to, error)

    def _send(self, mail: Mail) -> None:
        assert self._url is not None
        host = self._url.hostname or ""
        port = self._url.port or PORTS[self._url.scheme]
        safe = ssl.create_default_context()
        if self._url.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=safe)
        else:
            server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        with server:
            if self._url.scheme == "smtp":
                server.ehlo()
                # To another machine nothing goes in the clear: links in mails let people in.
                if server.has_extn("starttls") or host not in THIS_MACHINE:
                    server.starttls(context=safe)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
            server.send_message(self._message(mail))

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._from, mail.to, mail.subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid("maquette")
        message.set_content(mail.text)
        return message
