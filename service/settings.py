"""What the environment decides. Every setting has a default that is right for one person on one machine."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

TREE = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """
    Settings, each from ``YUETAN_<NAME>``.

    ================  =========================  ==================================================
    variable          default                    meaning
    ================  =========================  ==================================================
    DATA_DIR          ``var/`` in the tree       database, broker files and nothing else
    DATABASE_URL      SQLite under DATA_DIR      ``postgresql://...`` for records that must last
    DATABASE_ROLE     none                       PostgreSQL role under which the service works for an
                                                 organisation: neither owner nor superuser; the login must
                                                 be a member of it. The second wall between organisations
    BROKER_URL        files under DATA_DIR       ``amqp://...`` where workers run on other machines
    WORKER            ``child``                  ``child``: the service keeps one worker running;
                                                 ``none``: workers are started elsewhere
    WORKER_PROCESSES  2                          how many jobs the child runs at a time
    HOST, PORT        127.0.0.1, 8000            where the service listens
    ALLOWED_HOSTS     none beyond the loopback   host names the service answers to, as a JSON list
    SECRET            none                       needed to listen beyond loopback. Without sign-in it is
                                                 asked of every request (as Bearer token or as the password
                                                 of Basic); with sign-in the service's own keys come from it
    SIGN_IN           ``off``                    ``off``: one user on one machine; ``accounts``: people and
                                                 programs sign in, each for an organisation
    PUBLIC_URL        none                       address under which others reach the service, for the links and QR
                                                 codes of statements; else that of the request
    SESSION_IDLE_MIN  30                         a visit ends after so many minutes without a request
    SESSION_HOURS     12                         and after so many hours in any case
    LANG              ``zh``                     language of the terminal: ``zh`` or ``en``
    LEASE_S           20                         a job, or a request with a key, not renewed for so long may be
                                                 taken again
    RESEND_S          30                         a queued job is announced again after so long
    MOST_AT_ONCE      48                         requests worked on at once; others are told to come again
    SILENCE_S         30                         a client that says nothing for so long is cut off
    JOB_S             1200                       a job that runs for so long is ended, and tried again or parked
    JOB_MEMORY_MB     4096                       address space that one worker process may take
    PORTFOLIO_STORE   ``portfolio`` in DATA_DIR  where partitions of loan books lie: a folder that all workers share,
                                                 or ``s3://bucket/prefix`` (credentials as the S3 client finds them)
    QUEUE             ``yuetan``                 name of the queue
    LIMIT_CLIENT      none                       requests a minute of one person or program
    LIMIT_ORGANISATION  none                     requests a minute of one organisation
    LIMIT_ADDRESS     none                       requests a minute from one network address
    LIMIT_SIGN_IN     120                        attempts a minute, from one network address, to sign in or get a token
    LIMIT_UPLOADS     none                       files an hour of one organisation
    LIMITS_AT         ``memory``                 where requests are counted: in this process, or ``redis://...`` where several
                                                 web processes share the limits
    FEEDS             none                       price sources that a worker visits, as a JSON list of the
                                                 names in ``data/prices/feeds.yaml``
    ================  =========================  ==================================================
    """

    model_config = SettingsConfigDict(env_prefix="YUETAN_", frozen=True, extra="ignore", env_ignore_empty=True)

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
    queue: str = Field(default="yuetan", pattern=r"^[A-Za-z0-9_.\-]{1,60}$")

    @model_validator(mode="after")
    def _alone_or_locked(self) -> Settings:
        if not is_loopback(self.host) and self.secret is None:
            raise ValueError(
                "监听非本机地址必须设置 YUETAN_SECRET / listening beyond the loopback address needs YUETAN_SECRET"
            )
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
