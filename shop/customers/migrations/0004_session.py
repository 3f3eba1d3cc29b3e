import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Whoever was signed in stays so: a session without its login is asked for it, and learns it when it is next written.
_CARRY_OVER = """
DO $$ BEGIN
    IF to_regclass('django_session') IS NOT NULL THEN
        INSERT INTO customers_session (session_key, session_data, expire_date)
        SELECT session_key, session_data, expire_date FROM django_session WHERE expire_date > now();
        -- Nothing would clear it any more: it would keep what visitors said for good.
        DROP TABLE django_session;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("session_key", models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key")),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("user", models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.RunSQL(_CARRY_OVER, migrations.RunSQL.noop),
    ]
