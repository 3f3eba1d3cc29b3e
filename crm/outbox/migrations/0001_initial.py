

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0002_customer_email_lower_case'),
    ]

    operations = [
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True, verbose_name='adresse')),
                ('reason', models.CharField(choices=[('bounced', 'adresse refusée'), ('complained', 'signalé comme indésirable'), ('left', 'désabonnement')], max_length=12, verbose_name='raison')),
                ('recorded_at', models.DateTimeField(auto_now_add=True, verbose_name='depuis le')),
            ],
            options={
                'verbose_name': 'adresse à ne plus solliciter',
                'verbose_name_plural': 'adresses à ne plus solliciter',
                'constraints': [models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='suppression_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=40, verbose_name='objet de la lettre')),
                ('occasion', models.CharField(max_length=120, verbose_name='occasion')),
                ('recipient', models.EmailField(max_length=254, verbose_name='destinataire')),
                ('subject', models.CharField(max_length=200, verbose_name='titre')),
                ('html', models.TextField(blank=True, editable=False)),
                ('text', models.TextField(blank=True, editable=False)),
                ('is_secret', models.BooleanField(default=False, verbose_name='confidentiel')),
                ('is_marketing', models.BooleanField(default=False, verbose_name='prospection')),
                ('state', models.CharField(choices=[('queued', 'en file'), ('claimed', 'en cours d’envoi'), ('sent', 'envoyé'), ('failed', 'échoué'), ('unknown', 'issue inconnue')], default='queued', max_length=10, verbose_name='état')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='essais')),
                ('reason', models.CharField(blank=True, max_length=60, verbose_name='raison')),
                ('provider_message_id', models.CharField(blank=True, db_index=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='créé le')),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='à envoyer à partir de')),
                ('claimed_at', models.DateTimeField(blank=True, null=True, verbose_name='pris en charge le')),
                ('handed_at', models.DateTimeField(blank=True, null=True, verbose_name='remis le')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='envoyé le')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='périmé le')),
                ('purged_at', models.DateTimeField(blank=True, null=True, verbose_name='contenu effacé le')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.customer', verbose_name='client')),
            ],
            options={
                'verbose_name': 'message',
                'ordering': ['-id'],
                'permissions': [('read_letter', 'Peut lire les lettres et chercher par destinataire')],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at', 'id'], name='message_queue'), models.Index(condition=models.Q(('state', 'claimed')), fields=['claimed_at'], name='message_claims'), models.Index(condition=models.Q(('is_secret', True), ('purged_at__isnull', True)), fields=['expires_at'], name='message_secrets'), models.Index(fields=['state', '-id'], name='message_state')],
                'constraints': [models.UniqueConstraint(fields=('purpose', 'occasion'), name='one_message_per_occasion'), models.CheckConstraint(condition=models.Q(('occasion', ''), _negated=True), name='message_has_an_occasion'), models.CheckConstraint(condition=models.Q(('is_secret', False), ('expires_at__isnull', False), _connector='OR'), name='secret_message_expires'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'claimed'), _negated=True), ('claimed_at__isnull', False), _connector='OR'), name='claim_has_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='sent_has_a_time')],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='message_moves', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{queued:claimed,queued:failed,claimed:failed,claimed:queued,claimed:sent,claimed:unknown,unknown:failed,unknown:queued,unknown:sent,failed:queued,sent:failed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='891f8d4f70f7c143e6e31f5c17089d901259e743', operation='UPDATE', pgid='pgtrigger_message_moves_9c4ae', table='outbox_message', when='BEFORE')),
        ),
    ]
