#!/usr/bin/env python3
"""make-data.py DIR: the inputs of the application rows, the same bytes on every machine."""
import gzip, os, random, sys

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
dice = random.Random(2026)
SYLLABLES = "mi so ta re la do fa ne ku pi ro sha ve wo zu an el in or un".split()
vocabulary = ["".join(dice.choice(SYLLABLES) for _ in range(dice.randint(1, 4))) for _ in range(9000)]
# As in a language: few words are frequent.
frequent = dice.choices(vocabulary, [1 / (rank + 1.5) for rank in range(len(vocabulary))], k=70000)


def path(name):
    return os.path.join(folder, name)


with open(path("words"), "w") as file:
    size = 0
    while size < 20_000_000:
        at = dice.randrange(len(frequent) - 20)
        size += file.write(" ".join(frequent[at:at + dice.randint(3, 15)]) + f" {dice.randrange(1_000_000)}.\n")
with open(path("words"), "rb") as file, open(path("words8.gz"), "wb") as packed:
    contents = file.read()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6, mtime=0) as stream:
        for _ in range(8):
            stream.write(contents)
with open(path("pairs"), "w") as file:
    file.writelines(f"{dice.choice(vocabulary)} {dice.randrange(10_000_000)}\n" for _ in range(1_000_000))
with open(path("load.sql"), "w") as file:
    file.write("pragma journal_mode = delete;\ncreate table item (id integer primary key, size int, name text);\n"
               "create index by_size on item (size);\nbegin;\n")
    for number in range(100_000):
        file.write(f"insert into item (size, name) values ({dice.randrange(1_000_000)}, '{dice.choice(vocabulary)} {number}');\n")
with open(path("ask.sql"), "w") as file:
    file.write("commit;\n")
    for step in range(300):
        file.write(f"select count(*), sum(size), max(name) from item where size between {step * 3200} and {step * 3200 + 2500};\n")
    file.write("select substr(name, 1, 2) as head, count(*), avg(size) from item group by head order by 2 desc, 1 limit 15;\n"
               "select count(*) from item a join item b on a.size = b.size;\n")
# 220 functions of ten lines each after three lines, so that any number of them compiles.
with open(path("large.c"), "w") as file:
    file.write("#include <string.h>\nstruct part { int kind, weight; double share; char tag[16]; };\n\n")
    for number in range(220):
        odd, shift, word = dice.randrange(3, 200) | 1, dice.randrange(1, 7), dice.choice(vocabulary)
        before = f"weigh{number - 1}(parts, count / 2)" if number else "0"
        file.write(f"int weigh{number}(struct part *parts, int count) {{\n  int sum = {odd};\n"
                   f"  for (int i = 0; i < count; i++) {{\n    struct part *p = parts + i;\n"
                   f"    if ((p->kind ^ i) % 3 == 0) sum += p->weight * {odd};\n    else if (p->share > {shift}.5) sum ^= (int)(p->share * {odd});\n"
                   f"    else p->tag[i & 15] = sum >> {shift}, sum -= (int)strlen(\"{word}\") + p->tag[sum & 15];\n"
                   f"  }}\n  return sum + {before};\n}}\n")
