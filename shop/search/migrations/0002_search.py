"""An index of its own, the words it knows, synonyms, and what was looked for in vain.

`pg_trgm` and `fuzzystrmatch` are trusted extensions on PostgreSQL 15 and 18: no superuser needed.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

# The French stemmer without its stop words: « mais » is corn, and a grocer has a list of its own.
CREATE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE TEXT SEARCH DICTIONARY cabas_stem (TEMPLATE = snowball, Language = french);
CREATE TEXT SEARCH CONFIGURATION cabas_words (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION cabas_words ALTER MAPPING FOR word, asciiword WITH cabas_stem;
"""
DROP = """
DROP TEXT SEARCH CONFIGURATION IF EXISTS cabas_words;
DROP TEXT SEARCH DICTIONARY IF EXISTS cabas_stem;
"""


class Migration(migrations.Migration):


    dependencies = [
        ('search', '0001_product_report'),
    ]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.CreateModel(
            name='Synonym',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('typed', models.CharField(help_text='Ce que tapent les clients\u202f; plusieurs expressions séparées par des virgules\u202f: « coca, coca cola ».', max_length=200, verbose_name='mots tapés')),
                ('direction', models.CharField(choices=[('one_way', 'à sens unique'), ('two_way', 'équivalents')], default='one_way', help_text='À sens unique\u202f: les mots tapés cherchent aussi les mots compris. Équivalents\u202f: chacun cherche tous les autres.', max_length=8, verbose_name='sens')),
                ('meant', models.CharField(help_text='Les mots de nos rayons\u202f; plusieurs expressions séparées par des virgules.', max_length=200, verbose_name='mots compris')),
                ('is_active', models.BooleanField(default=True, verbose_name='appliqué')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='modifié le')),
            ],
            options={
                'verbose_name': 'synonyme',
                'verbose_name_plural': 'synonymes',
                'ordering': ['typed'],
            },
        ),
        migrations.CreateModel(
            name='KnownWord',
            fields=[
                ('word', models.CharField(db_collation='C', max_length=40, primary_key=True, serialize=False)),
                ('written', models.CharField(max_length=40)),
                ('stem', models.CharField(db_collation='C', max_length=40)),
                ('sound', models.CharField(db_collation='C', max_length=40)),
                ('letters', models.CharField(db_collation='C', max_length=40)),
                ('products', models.IntegerField(default=0)),
                ('in_synonym', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['stem'], name='known_word_stem'), models.Index(condition=models.Q(('sound', ''), _negated=True), fields=['sound'], name='known_word_sound'), models.Index(condition=models.Q(('sound', ''), _negated=True), fields=['letters'], name='known_word_letters'), models.Index(django.db.models.functions.text.Left('word', 1), django.db.models.functions.text.Length('word'), condition=models.Q(('sound', ''), _negated=True), name='known_word_short'), django.contrib.postgres.indexes.GinIndex(condition=models.Q(('sound', ''), _negated=True), fields=['word'], name='known_word_trigrams', opclasses=['gin_trgm_ops'])],
            },
        ),
        migrations.CreateModel(
            name='MissedSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('week', models.DateField(verbose_name='semaine du')),
                ('kind', models.CharField(choices=[('search', 'recherche sans résultat'), ('request', 'produit demandé')], max_length=8, verbose_name='origine')),
                ('words', models.CharField(max_length=120, verbose_name='mots')),
                ('count', models.PositiveIntegerField(default=0, verbose_name='nombre')),
            ],
            options={
                'verbose_name': 'recherche sans résultat',
                'verbose_name_plural': 'recherches sans résultat',
                'indexes': [models.Index(fields=['words'], name='missed_search_words')],
                'constraints': [models.UniqueConstraint(fields=('week', 'kind', 'words'), name='one_count_per_week_and_words')],
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='search_entry', serialize=False, to='catalogue.product')),
                ('popularity', models.PositiveIntegerField(default=0)),
                ('smallest', models.PositiveIntegerField(default=1)),
                ('brand_id', models.BigIntegerField(null=True)),
                ('vector', django.contrib.postgres.search.SearchVectorField()),
                ('words', models.TextField(default='')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['vector'], name='search_entry_vector'), models.Index(fields=['brand_id'], name='search_entry_brand'), models.Index(fields=['-popularity', 'product'], name='search_entry_bought')],
            },
        ),
        migrations.CreateModel(
            name='SynonymPhrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stems', models.CharField(db_collation='C', max_length=200, unique=True)),
                ('query', models.TextField()),
                ('synonym', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='phrases', to='search.synonym')),
            ],
        ),
    ]
