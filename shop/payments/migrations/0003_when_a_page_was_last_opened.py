from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0002_release_again_what_came_late'),
    ]

    operations = [
        migrations.AddField(
            model_name='paymentoperation',
            name='opened_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='dernière ouverture'),
        ),
    ]
