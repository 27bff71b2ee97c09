"""Django's settings, all from the environment (`vitalfew.server.config`)."""

from __future__ import annotations

from pathlib import Path

from django.utils.csp import CSP

from vitalfew.server.config import Config

CONFIG = Config.from_environment()
BASE = Path(__file__).resolve().parent

SECRET_KEY = CONFIG.secret
DEBUG = False
ALLOWED_HOSTS = list(CONFIG.hosts)
CSRF_TRUSTED_ORIGINS = list(CONFIG.origins)
ROOT_URLCONF = "vitalfew.server.urls"
ASGI_APPLICATION = "vitalfew.server.asgi.application"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "vitalfew.server.core",
    "vitalfew.server.value",
    "vitalfew.server.bets",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_tasks_db",
    "simple_history",
]

MIDDLEWARE = [
    "vitalfew.server.core.requests.Requests",
    "vitalfew.server.core.middleware.Proxies",
    "django.middleware.gzip.GZipMiddleware",  # pads with random bytes; tokens are masked anew in every page
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "vitalfew.server.core.middleware.Headers",
    "vitalfew.server.core.files.Files",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "vitalfew.server.core.carrying.Carrying",
    "vitalfew.server.core.middleware.Guard",
    "vitalfew.server.core.api.once.Once",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "vitalfew.server.core.context.shell",
            ],
            "builtins": ["vitalfew.server.core.templatetags.vitalfew"],
        },
    },
]

# Kept -------------------------------------------------------------------------------------------------------------

DATABASES = {"default": CONFIG.database_settings()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "vitalfew_cache",
        # Once it is full, counts of tries go, whosever they are: nobody should fill it to try once more.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "looks"]}}

# People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "vitalfew.server.core.accounts.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    "login": "20/h/ip",
    "login_failed": "10/h/key,20/h/ip",
    "reauthenticate": "10/h/user",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/h/ip",
    "change_password": "10/h/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = CONFIG.proxies
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "vitalfew"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # whoever proves the address later takes it off: `services.accounts.prove`
SOCIALACCOUNT_ADAPTER = "vitalfew.server.core.accounts.ForeignAdapter"
SOCIALACCOUNT_PROVIDERS = CONFIG.provider_settings()
_MAIL = CONFIG.mail_settings()
DEFAULT_FROM_EMAIL = _MAIL.pop("from")
MAILERS = {"default": _MAIL}

# Safety -----------------------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF, *([CONFIG.oidc.origin] if CONFIG.oidc else [])],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.secure else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.proxies else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "vitalfew.server.core.views.errors.csrf_failure"
SESSION_COOKIE_NAME = "__Host-session" if CONFIG.secure else "vitalfew-session"
CSRF_COOKIE_NAME = "__Host-csrf" if CONFIG.secure else "vitalfew-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# Words and files --------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = BASE / "static"
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+-[0-9A-Za-z_-]{8}\.\w+$"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "vitalfew.server.core.logs.JsonLines"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["out"], "level": "WARNING"},
    "loggers": {
        "vitalfew": {"level": "INFO"},
        "django.request": {"level": "ERROR"},  # each request has its line already, without its query
        "django.security": {"level": "ERROR"},
        "django.tasks": {"level": "WARNING"},
    },
}
