"""A bit of everything that Python programs do; the argument says how often."""
import hashlib, json, re, sys


class Node:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

    def insert(self, key):
        side = "left" if key < self.key else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Node(key))
        else:
            child.insert(key)

    def walk(self):
        if self.left:
            yield from self.left.walk()
        yield self.key
        if self.right:
            yield from self.right.walk()


def ackermann(m, n):
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))


def once(seed):
    numbers = [(seed * 7919 + i * 104729) % 65537 for i in range(4000)]
    tree = Node(numbers[0])
    for number in numbers[1:600]:
        tree.insert(number)
    counts = {}
    for number in numbers:
        counts[f"k{number % 701}"] = counts.get(f"k{number % 701}", 0) + number
    text = " ".join(f"{key}={value}" for key, value in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    found = sum(len(match) for match in re.findall(r"k(\d+)=\d*7\b", text))
    back = json.loads(json.dumps({"counts": counts, "list": numbers[:500], "tree": list(tree.walk())}))
    real = sum(number ** 0.5 for number in numbers) / len(numbers)
    digest = hashlib.sha256(json.dumps(back, sort_keys=True).encode()).hexdigest()[:8]
    return ackermann(2, 40) + found + int(real) + int(digest, 16) + text.count("9")


print("python", sum(once(seed) for seed in range(int(sys.argv[1]))) % 1_000_000_007)
