"""Settings of the backend. What differs between counties is data (a rule set), not a setting.

Every value comes from the environment (or from the file that `YIDANG_ENV_FILE` names); a missing
key stops the start. `python -m training.core.keys FILE` writes a file with new keys.
"""

from datetime import timedelta
from pathlib import Path

import bootstrap_wrapper
import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if env_file := env.str("YIDANG_ENV_FILE", ""):
    env.read_env(env_file)

VAR_DIR = Path(env.str("YIDANG_VAR_DIR", str(BASE_DIR / "var")))
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000")

FIELD_KEYS = env.list("FIELD_KEYS")
"""Fernet keys of encrypted columns and files, newest first; older ones still open old values."""
HASH_KEY = env.str("HASH_KEY")
"""Key of the look-up hashes of identity numbers. Changing it loses every look-up."""
SEALING_KEY = env.str("SEALING_KEY")
"""X25519 private key, base64: opens the card data that stations seal for the server."""
SEAL_KEY = env.str("SEAL_KEY")
"""Ed25519 private key, base64: signs the manifests of sealed dossiers."""
SIGNING_FILE = env.str("YIDANG_SIGNING_FILE", "")
"""TOML: whose certificate signs dossier PDFs (`dossiers/signing_keys.py`); empty: a test CA of our own."""
CLOCK_FILE = env.str("YIDANG_CLOCK_FILE", "")
"""Demo and tests only: a file with the seconds to add to the system clock."""
FONTS_DIR = Path(env.str("YIDANG_FONTS_DIR", str(VAR_DIR / "fonts")))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "qsessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_tasks",
    "django_tasks_db",
    "training.core",
    "training.accounts",
    "training.notifications",
    "training.programmes",
    "training.people",
    "training.institutions",
    "training.courses",
    "training.stations",
    "training.partners",
    "training.scheduling",
    "training.enrolment",
    "training.fairs",
    "training.attendance",
    "training.assessment",
    "training.complaints",
    "training.followup",
    "training.outcomes",
    "training.dossiers",
    "training.uploads",
    "training.certificates",
    "training.publications",
    "training.selfservice",
    "training.integrity",
    "training.claims",
    "training.reporting",
    "training.reports",
    "training.web",
    "training.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "training.core.headers.SecurityHeaders",
    "training.api.middleware.StationsFirst",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "qsessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "training.web.language.AskedLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "training.web.account.sessions.SessionLimitMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "training.web.middleware.ActorMiddleware",
    "training.web.middleware.SecondFactorMiddleware",
    "training.web.middleware.ResumedFilesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "training.web.middleware.RefusalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "training.urls"
WSGI_APPLICATION = "training.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "training.web.context.workplace",
            ],
            "builtins": ["training.web.templatetags.yidang"],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'yidang.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
# A connection of its own for every request costs more than most requests do.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_KEEP_SECONDS", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        # Writers queue at BEGIN and not at the first write, where SQLite would refuse them.
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # How often somebody asked, for all processes of this machine; see `core/limits.py`.
    "limits": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "limits",
        "TIMEOUT": 24 * 3600,
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
RATELIMIT_USE_CACHE = "limits"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# One guesser must not lock a whole county hall out, nor a colleague next door: account and address together.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_IPWARE_PROXY_COUNT = env.int("PROXIES", 0) or None
"""How many reverse proxies of ours stand in front: only then is what they say of the caller believed."""
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if env.int("PROXIES", 0) else ["REMOTE_ADDR"]
)
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SECOND_FACTOR = env.bool("SECOND_FACTOR", True)
"""Whether roles that approve must sign in with a code besides the password; off in the demo."""
OTP_TOTP_ISSUER = "一期一档"
SESSION_ENGINE = "qsessions.backends.db"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("username", "display_name", "email")}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

APPLICATION_DAYS = env.int("APPLICATION_DAYS", 90)
"""How long an application that led to no place is kept after its session was closed."""

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "training" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "training" / "web" / "static",
    ("bootstrap", bootstrap_wrapper.get_bootstrap_dir()),
]
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CHECK_MAX_MB = env.int("CHECK_MAX_MB", 1024)
"""The largest file that the public page checks; what the web server in front takes must be more."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

EMAIL_URL = env.str("EMAIL_URL", "")
"""Where mail goes out; empty: none is sent, and whoever makes a link hands it over."""
if EMAIL_URL:
    vars().update(env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "yidang@localhost")

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
BUILD_TELLS_EVERY = 0.5  # seconds between two notes of how far a dossier is; so soon a stop is seen

# A click pushes the end of a session ahead, up to SESSION_HOURS after the sign-in.
SESSION_COOKIE_AGE = env.int("IDLE_MINUTES", 60) * 60
SESSION_LENGTH = timedelta(hours=env.int("SESSION_HOURS", 12))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS_ONLY", False)
SECURE_SSL_REDIRECT = env.bool("HTTPS_ONLY", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if env.bool("HTTPS_ONLY", False) else 0
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }
}
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
