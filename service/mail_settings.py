"""Settings of mail, which are a part of the service's settings."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from service.kit.mail_addresses import MailAddress, composed
from service.kit.smtp_sender import MailServer, parse_mail_server
from service.webhook_settings import TEN_YEARS_MS, WebhookSettings

__all__ = ["TEN_YEARS_MS", "MailSettings"]
_LANGUAGES = Path(__file__).parent / "documents" / "mails" / "languages"


def _checked_language(code: str | None) -> str | None:
    codes = sorted(file.stem for file in _LANGUAGES.glob("*.toml"))
    if code is not None and code not in codes:
        raise ValueError(f"the languages are {', '.join(codes)}")
    return code


def _checked_sender(text: str | None) -> str | None:
    if text is not None:
        try:
            MailAddress.parse(text)
        except ValueError:
            raise ValueError("write name@example.com, or Name <name@example.com>") from None
    return text


def _checked_address(text: str | None) -> str | None:
    try:
        return None if text is None else composed(text)
    except ValueError:
        raise ValueError("write a mail address such as name@example.com") from None


def _checked_url(url: SecretStr | None) -> SecretStr | None:
    if url is not None:
        parse_mail_server(url.get_secret_value())
    return url


class MailSettings(WebhookSettings):
    """Settings of mail, by the same rules as `service.settings.Settings`."""

    mail_from: Annotated[str | None, AfterValidator(_checked_sender)] = Field(
        default=None,
        description="Sender of mail: an address such as orders@shop.example, or Shop <orders@shop.example>. Required "
        "with SERVICE_SMTP_URL.",
    )
    smtp_url: Annotated[SecretStr | None, AfterValidator(_checked_url)] = Field(
        default=None,
        description="Address of the mail server that sends mail to contacts: smtp://user:password@host:port, which "
        "requires STARTTLS (port 587 by default), smtps://user:password@host:port for TLS from the beginning (465 by "
        "default), or smtp://host:port?starttls=never without TLS and password. By default no mail is sent.",
    )
    mail_reply_to: Annotated[str | None, AfterValidator(_checked_address)] = Field(
        default=None, description="Address to which answers to mail go. By default they go to SERVICE_MAIL_FROM."
    )
    mail_language: Annotated[str | None, AfterValidator(_checked_language)] = Field(
        default=None,
        description="Language of mail, by its code, such as en: one of the files in service/documents/mails/languages. "
        "By default English.",
    )
    mails_kept_ms: int = Field(
        default=2_592_000_000,
        ge=345_600_000,
        le=TEN_YEARS_MS,
        description="Time for which mails are kept and shown to operators; by default 30 days, at least 4 days, "
        "because mails are tried for 72 hours.",
    )
    invoice_reminder_days: int = Field(
        default=3,
        ge=0,
        le=365,
        description="Days before the time by which an invoice is to be paid at which an unpaid invoice gets the event "
        "`invoice.due`, and contacts get mail about it. With 0 it does when that time has come.",
    )

    @field_validator("smtp_url")
    @classmethod
    def _check_sender(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is not None and info.data.get("mail_from", "") is None:  # one that is wrong is absent from the data
            raise ValueError("set SERVICE_MAIL_FROM too, the sender of mail")
        return url

    @property
    def language_of_mail(self) -> str:
        """Return the code of the language of mail."""
        return self.mail_language or "en"

    @property
    def mail_server(self) -> MailServer | None:
        """Return the mail server, None if no mail is sent."""
        return None if self.smtp_url is None else parse_mail_server(self.smtp_url.get_secret_value())

    @property
    def mail_sender(self) -> MailAddress | None:
        """Return name and address of the sender."""
        return None if self.mail_from is None else MailAddress.parse(self.mail_from)

    @property
    def mails_kept(self) -> timedelta:
        """Return the time for which mails are kept."""
        return timedelta(milliseconds=self.mails_kept_ms)

    @property
    def invoice_reminder(self) -> timedelta:
        """Return the time before an invoice is due at which its payer is reminded."""
        return timedelta(days=self.invoice_reminder_days)
