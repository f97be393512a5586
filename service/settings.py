"""What the environment decides. Every setting has a default that is right for one person on one machine."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

TREE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings, each from ``YUETAN_<NAME>``; what each means is in ``docs/settings.md``."""

    model_config = SettingsConfigDict(env_prefix="YUETAN_", frozen=True, extra="ignore", env_ignore_empty=True)

    deployment: Literal["local", "production"] = "local"
    data_dir: Path = TREE / "var"
    database_url: str | None = None
    database_role: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    broker_url: str | None = None
    worker: Literal["child", "none"] = "child"
    worker_processes: int = Field(default=2, ge=1, le=64)
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()
    secret: SecretStr | None = Field(default=None, min_length=16)
    sign_in: Literal["off", "accounts"] = "off"
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s?#]{1,200}$")
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://[^\s?#]{1,200}$")
    oidc_client_id: str | None = Field(default=None, min_length=1, max_length=200)
    oidc_client_secret: SecretStr | None = None
    oidc_algorithm: Literal["RS256", "PS256", "ES256", "EdDSA"] = "RS256"
    session_idle_min: int = Field(default=30, ge=1, le=24 * 60)
    session_hours: int = Field(default=12, ge=1, le=24 * 7)
    lang: Literal["zh", "en"] = "zh"
    lease_s: float = Field(default=20.0, gt=0)
    resend_s: float = Field(default=30.0, gt=0)
    most_at_once: int = Field(default=48, ge=1)
    silence_s: float = Field(default=30.0, gt=0)
    job_s: int = Field(default=1200, ge=1, le=1500)
    job_memory_mb: int = Field(default=4096, ge=512)
    limit_client: int | None = Field(default=None, ge=1, le=1_000_000)
    limit_organisation: int | None = Field(default=None, ge=1, le=1_000_000)
    limit_address: int | None = Field(default=None, ge=1, le=1_000_000)
    limit_sign_in: int | None = Field(default=120, ge=1, le=1_000_000)
    limit_uploads: int | None = Field(default=None, ge=1, le=1_000_000)
    limits_at: str = Field(default="memory", pattern=r"^(memory|rediss?://\S{1,300})$")
    feeds: tuple[str, ...] = ()
    portfolio_store: str | None = None
    log_dir: Path | None = None
    log_keep_days: int = Field(default=366, ge=184, le=3660)
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    stop_s: int = Field(default=10, ge=0, le=600)
    queue: str = Field(default="yuetan", pattern=r"^[A-Za-z0-9_.\-]{1,60}$")

    @model_validator(mode="after")
    def _alone_or_locked(self) -> Settings:
        if not is_loopback(self.host) and self.secret is None:
            raise ValueError(
                "监听非本机地址必须设置 YUETAN_SECRET / listening beyond the loopback address needs YUETAN_SECRET"
            )
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError(
                "YUETAN_OIDC_ISSUER 与 YUETAN_OIDC_CLIENT_ID 须同时设置 / YUETAN_OIDC_ISSUER and YUETAN_OIDC_CLIENT_ID go together"
            )
        if (
            self.oidc_issuer
            and urlsplit(self.oidc_issuer).scheme != "https"
            and not is_loopback(urlsplit(self.oidc_issuer).hostname or "")
        ):
            raise ValueError("YUETAN_OIDC_ISSUER 必须是 https 地址 / must be an https address")
        return self

    @property
    def database(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'yuetan.sqlite').resolve()}"

    @property
    def broker(self) -> str:
        """URL of the broker."""
        return self.broker_url or "filesystem://localhost//"


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
