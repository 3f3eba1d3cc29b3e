from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a process that no request reaches."""

    process = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.process


class Tries(models.Model):
    """How often something was tried in one window of time; config/limits.py counts."""

    key = models.CharField(max_length=160, primary_key=True)
    number = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class JobRun(models.Model):
    """One run of a periodic job for one period: the unique pair keeps a second beat from doubling it."""

    job = models.CharField(max_length=80)
    period = models.CharField(max_length=40)
    started_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "period"], name="job_once_per_period")]

    def __str__(self) -> str:
        return f"{self.job} {self.period}"
