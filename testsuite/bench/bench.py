#!/usr/bin/env python3
"""How long runners take for the same x86-64 programs, compared with the first of them.

  bench.py [--runner 'NAME=COMMAND PREFIX']... [--scale F | NAME=F | NAME:REGEX=F]... [--groups int,k] [--only REGEX]
           [--repeat N] [--metric cpu|wall] [--gross] [--timeout S] [--json FILE]
  bench.py --table FILE...

A prefix may name {root} (the directory all run in) and {image} (the same as a tar). Without --runner: this machine
itself (chroot) against `brainworm run`. Runs are interleaved, medians compared; output and exit status must be those
of the first runner, which does each row at every scale that another one uses. The table goes to standard output.
--gross leaves a runner's own start in the rows of the micro groups.
"""
import argparse, json, math, os, re, shlex, signal, statistics, subprocess, sys, tempfile, threading, time

from rows import NET_GROUPS, ROWS, START_ROW

ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root", "LC_ALL": "C"}
# A row of the group `start` is short: more runs, steadier medians.
START_REPEATS = 7


def fill(text, scale):
    """A command's words at a scale."""
    bundle = ("import * as a from 'react-dom/client'; import * as b from 'lodash-es'; import * as c from 'three'; console.log(a, b, c)"
              if scale >= 1 else "import * as a from 'react-dom/client'; console.log(a)"
              if scale >= 0.1 else "import * as a from 'react'; console.log(a)")
    sources = "." if scale >= 1 else "asyncio email" if scale >= 0.1 else "json"
    text = re.sub(r"amount\((\d+)\)", lambda m: str(max(1, round(int(m[1]) * scale))), text)
    # Whole functions of ten lines each, after three lines of headers.
    text = re.sub(r"lines\((\d+)\)", lambda m: str(3 + 10 * max(1, min(220, round(int(m[1]) * scale / 10)))), text)
    for word, value in (("SCALE", "%g" % scale), ("HALF", "%g" % (scale / 2)), ("IMPORTS", bundle), ("SOURCES", sources)):
        text = text.replace(word, value)
    return text


def words_of(command, scale):
    if isinstance(command, list):
        return ["/bin/sh", "-c", fill(command[1], scale)]
    return shlex.split(fill(command, scale))


def comparable(name, output):
    """Coremark's report has times in it."""
    if name != "coremark":
        return output
    return b"\n".join(line for line in output.splitlines() if b"crc" in line)


def run_once(prefix, words, timeout):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(prefix + words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=ENVIRONMENT,
                                   start_new_session=True)
        late = threading.Event()

        def too_late():
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        alarm = threading.Timer(timeout, too_late)
        alarm.start()
        # The runner with all that it waited for.
        _, status, usage = os.wait4(process.pid, 0)
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        out.seek(0), err.seek(0)
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "status": process.returncode, "late": late.is_set(),
                "output": out.read(), "errors": err.read()[-300:].decode("latin1")}


class Plan:
    """Who runs what, how much of it."""

    def __init__(self, options):
        root = os.path.abspath(options.root)
        place = {"{root}": shlex.quote(root), "{image}": shlex.quote(root + ".tar")}
        defaults = ["native=chroot {root}", f"brainworm={shlex.quote(options.brainworm)} run {{image}}"]
        self.runners = []
        for runner in options.runner or defaults:
            name, _, prefix = runner.partition("=")
            for word, value in place.items():
                prefix = prefix.replace(word, value)
            prefix = shlex.split(prefix)
            found = subprocess.run(["sh", "-c", "command -v \"$1\"", "sh", prefix[0]], capture_output=True, text=True).stdout.strip()
            self.runners.append((name, [found or prefix[0]] + prefix[1:]))
        self.scales = options.scale

    def scale(self, runner, row, group):
        chosen = 1.0
        for text in self.scales if group != "start" else []:
            who, _, value = text.rpartition("=")
            name, _, pattern = who.partition(":")
            if not name or name == runner and (not pattern or re.fullmatch(pattern, row)):
                chosen = float(value)
        return chosen


def measure(row, plan, options):
    """A record for each runner and scale of a row."""
    name, group, command = row
    base, base_prefix = plan.runners[0]
    by_scale = {}
    for runner, prefix in plan.runners[1:]:
        by_scale.setdefault(plan.scale(runner, name, group), []).append((runner, prefix))
    records = []
    for scale, runners in by_scale.items():
        words = words_of(command, scale)
        runs = {runner: [] for runner in [base] + [runner for runner, _ in runners]}
        failed, expected = {}, None
        for turn in range(options.repeat * (START_REPEATS if group == "start" else 1)):
            for runner, prefix in [(base, base_prefix)] + runners:
                if runner in failed:
                    continue
                run = run_once(prefix, words, options.timeout)
                answer = (run["status"], comparable(name, run.pop("output")))
                expected = expected or answer
                if run["late"] or answer != expected or expected[0] != 0:
                    failed[runner] = "TIMEOUT" if run["late"] else f"FAIL ({run['status']}: {run['errors'].strip()[-200:]})"
                runs[runner].append(run)
        for runner, all_runs in runs.items():
            records.append({"row": name, "group": group, "runner": runner, "base": base, "scale": scale, "failed": failed.get(runner),
                            "cpu": [round(run["cpu"], 4) for run in all_runs], "wall": [round(run["wall"], 4) for run in all_runs]})
    return records


class Table:
    """Ratios from records; a later record of the same run replaces an earlier one."""

    def __init__(self, records, metric, is_net):
        self.metric, self.is_net = metric, is_net
        self.by_key = {(r["row"], r["runner"], r["scale"]): r for r in records}
        self.base = records[0]["base"]
        self.rows = list(dict.fromkeys((r["row"], r["group"]) for r in records))
        self.runners = list(dict.fromkeys(r["runner"] for r in records if r["runner"] != self.base))

    def seconds(self, record):
        return statistics.median(record[self.metric])

    def start(self, runner):
        return next((self.seconds(r) for (row, who, _), r in self.by_key.items() if (row, who) == (START_ROW, runner)), 0.0)

    def ratio(self, row, group, runner):
        """A number, None where nothing was measured, or what went wrong."""
        mine = next((r for (name, who, _), r in self.by_key.items() if (name, who) == (row, runner)), None)
        theirs = mine and self.by_key.get((row, self.base, mine["scale"]))
        if not theirs:
            return None
        if mine["failed"] or theirs["failed"]:
            return (mine["failed"] or theirs["failed"]).split(" ")[0]
        pair = []
        for record in (mine, theirs):
            took = self.seconds(record)
            own = self.start(record["runner"]) if self.is_net and group in NET_GROUPS else 0.0
            # Never less than a tenth: what is smaller than the start was not measured.
            pair.append(max(took - own, took / 10, 1e-4))
        return pair[0] / pair[1]

    def markdown(self):
        def cell(value):
            if value is None or isinstance(value, str):
                return value or "-"
            return "%.2f" % value if value < 1 else "%.1f" % value if value < 99.5 else "%.0f" % value

        lines = ["| benchmark | " + " | ".join(self.runners) + " |", "|---|" + "---|" * len(self.runners)]
        for group in dict.fromkeys(group for _, group in self.rows):
            names = [row for row, its in self.rows if its == group]
            for row in names:
                lines.append(f"| {row} | " + " | ".join(cell(self.ratio(row, group, who)) for who in self.runners) + " |")
            means = []
            for who in self.runners:
                ratios = [self.ratio(row, group, who) for row in names]
                good = [r for r in ratios if isinstance(r, float)]
                mean = cell(math.exp(sum(map(math.log, good)) / len(good)) if good else None)
                bad = sum(isinstance(r, str) for r in ratios)
                means.append(f"**{mean}**" + (f" ({bad} failed)" if bad else ""))
            lines.append(f"| **geomean {group}** | " + " | ".join(means) + " |")
        return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", action="append", default=[])
    parser.add_argument("--brainworm", default="brainworm")
    parser.add_argument("--root", default="bench", help="made by make-root.sh; the tar lies beside it")
    parser.add_argument("--scale", action="append", default=[])
    parser.add_argument("--groups")
    parser.add_argument("--only")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--metric", choices=["cpu", "wall"], default="cpu")
    parser.add_argument("--gross", action="store_true")
    parser.add_argument("--json", help="append a line a row, runner and scale")
    parser.add_argument("--table", nargs="+", help="no runs: the table of earlier --json files")
    options = parser.parse_args()
    options.scale = [text if "=" in text else "=" + text for text in options.scale]
    records = []
    if options.table:
        for path in options.table:
            with open(path) as lines:
                records += [json.loads(line) for line in lines]
    else:
        plan = Plan(options)
        for row in ROWS:
            name, group, command = row
            if options.groups and group not in options.groups.split(",") or options.only and not re.fullmatch(options.only, name):
                continue
            program = words_of(command, 1)[0]
            if program.startswith("/bench/") and not os.path.exists(options.root + program):
                print(f"{name}: not in {options.root}, left out", file=sys.stderr)
                continue
            new = measure(row, plan, options)
            records += new
            if options.json:
                with open(options.json, "a") as file:
                    file.writelines(json.dumps(record) + "\n" for record in new)
            parts = (f"{r['runner']} x{r['scale']:g} {statistics.median(r[options.metric]):.3f} s{' ' + r['failed'] if r['failed'] else ''}"
                     for r in new)
            print(f"{name}: " + ", ".join(parts), file=sys.stderr, flush=True)
    if not records:
        sys.exit("no row was measured")
    print(Table(records, options.metric, not options.gross).markdown())
    if any(record["failed"] for record in records):
        sys.exit(1)


if __name__ == "__main__":
    main()
