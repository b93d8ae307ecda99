"""Whether this installation can do its work right now."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger(__name__)
QUEUE_LIMIT = 100  # tasks; a worker clears some twenty dossiers a minute


@dataclass(frozen=True)
class Part:
    code: str
    name: str
    ok: bool
    detail: str


def parts() -> list[Part]:
    return [_database(), _storage(), _fonts(), _queue(), _clock(), _version()]


def _database() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("the database does not answer")
        return Part("database", _("数据库"), False, _("连接不上，请检查数据库服务。"))
    return Part("database", _("数据库"), True, connection.vendor)


def _storage() -> Part:
    root = Path(settings.MEDIA_ROOT)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root) as trial:
            trial.write(b"yidang")
    except OSError:
        logger.exception("the storage can't be written")
        return Part("storage", _("文件存储"), False, _("写不进去，请检查磁盘空间和目录权限。"))
    return Part("storage", _("文件存储"), True, _("可写"))


def _fonts() -> Part:
    ready = any(Path(settings.FONTS_DIR).glob("*.ttf"))
    detail = _("已就绪") if ready else _("还没有生成，第一次制作档案会慢二十秒左右。")
    return Part("fonts", _("档案字体"), True, detail)


def _queue() -> Part:
    try:
        waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY).count()
    except DatabaseError:
        logger.exception("the queue can't be read")
        return Part("queue", _("后台任务"), False, _("读不到任务队列，请检查数据库。"))
    detail = _("%(count)s 个等待处理") % {"count": waiting}
    if waiting > QUEUE_LIMIT:
        detail = _("%(count)s 个等待处理，请检查后台进程是否在运行。") % {"count": waiting}
    return Part("queue", _("后台任务"), waiting <= QUEUE_LIMIT, detail)


def _clock() -> Part:
    return Part("clock", _("时钟"), True, _("演示时钟") if settings.CLOCK_FILE else _("系统时钟"))


def _version() -> Part:
    try:
        return Part("version", _("版本"), True, version("yidang"))
    except PackageNotFoundError:  # run from the source, not installed
        return Part("version", _("版本"), True, _("源代码"))
