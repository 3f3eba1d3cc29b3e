"""French full text that ignores accents and opens ligatures: unaccent before the French stemmer.

The same statements hold on PostgreSQL 15 and 18. `unaccent` is a trusted extension: no superuser needed.
"""

from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE TEXT SEARCH CONFIGURATION cabas_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION cabas_french
    ALTER MAPPING FOR hword, hword_part, word, asciihword, hword_asciipart, asciiword
    WITH unaccent, french_stem;
"""
DROP = "DROP TEXT SEARCH CONFIGURATION IF EXISTS cabas_french;"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_checklist")]

    operations = [migrations.RunSQL(CREATE, DROP)]
