from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={'ordering': ['-created_at'], 'permissions': [('read_recipient', 'Peut lire les coordonnées du destinataire')], 'verbose_name': 'commande'},
        ),
    ]
