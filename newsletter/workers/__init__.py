"""`newsletter worker`: one more process that sends, woken by hints on Celery or by a look of its own.

worker       its editions under way, its last word, its end
listening    hints heard by way of Celery
"""

from newsletter.workers.worker import Worker, run

__all__ = ["Worker", "run"]
