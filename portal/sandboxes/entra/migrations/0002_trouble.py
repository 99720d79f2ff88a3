from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('entra_simulator', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Trouble',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('left', models.IntegerField()),
                ('seconds', models.IntegerField()),
            ],
        ),
    ]
