"""Secrets at rest: encrypted with a key that is not in the database, or not stored at all."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken

from gateway.kernel.errors import ConfigError, Invalid


class SecretBox:
    """Encrypts and decrypts with Fernet (AES-128-CBC and HMAC-SHA256)."""

    def __init__(self, key: str) -> None:
        try:
            self._fernet = Fernet(key) if key else None
        except ValueError:
            raise ConfigError(
                "the secret key is malformed; make one with `santral key` and give it as "
                "SANTRAL_SECRET_KEY or as the systemd credential santral-secret-key"
            ) from None

    def seal(self, secret: str) -> str:
        """Return the encrypted form; an empty secret stays empty."""
        if not secret:
            return ""
        if self._fernet is None:
            raise Invalid(
                "a secret cannot be stored without a key: make one with `santral key` and give it "
                "as SANTRAL_SECRET_KEY or as the systemd credential santral-secret-key"
            )
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """Return the secret; raises ConfigError when the key is missing or another one."""
        if not sealed:
            return ""
        unreadable = ConfigError(
            "a stored secret cannot be read: SANTRAL_SECRET_KEY (or the systemd credential "
            "santral-secret-key) is missing or is not the key it was stored with"
        )
        if self._fernet is None:
            raise unreadable
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise unreadable from None


def new_key() -> str:
    """Return a fresh key."""
    return Fernet.generate_key().decode()
