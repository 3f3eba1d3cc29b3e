"""Which shelves sell what their buyers may give back within a fortnight; the shop's usual ones are told here."""

from django.db import migrations, models

# What spoils soon, is kept cold or is cut stays out (C. conso. L221-28, 4°).
USUAL = (
    "epicerie-salee", "epicerie-sucree", "boissons", "cave-bieres-et-spiritueux", "bebe", "hygiene-et-entretien",
)  # fmt: skip


def tell_usual_shelves(apps, schema_editor):
    aisles = apps.get_model("catalogue", "Aisle").objects
    aisles.filter(models.Q(slug__in=[*USUAL, "noix-et-fruits-secs"]) | models.Q(parent__slug__in=USUAL)).update(
        may_be_returned=True
    )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0011_from_paid_to_packed")]

    operations = [
        migrations.AddField(
            model_name="aisle",
            name="may_be_returned",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Droit de rétractation\u202f: oui pour ce qui ne se périme pas vite et reste fermé (C. conso. L221-28).",
                verbose_name="se rend sous 14 jours",
            ),
        ),
        migrations.RunPython(tell_usual_shelves, migrations.RunPython.noop),
    ]
