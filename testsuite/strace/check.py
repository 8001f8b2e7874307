#!/usr/bin/env python3
"""Compares `--strace` with strace(1): the same programs natively and in the guest, call by call.

    check.py --runner "brainworm run --strace IMAGE" --image .cache/debian [--mixed-runner ... ] [--only REGEX] [--keep DIR]

Both traces are normalised (addresses, process ids, random bytes, CPU times, the number of variables) and compared process by
process, since tasks interleave as they like. Lines that match a pattern of explained.txt may differ. Needs root, strace and
gcc; the native side runs in testsuite/images/native.
"""
import argparse
import difflib
import os
import pathlib
import re
import signal
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
native = here.parent / "images" / "native"
# When the shell hears of which child is a matter of luck.
LOOSE = {"pipe": r"^(wait4|rt_sigreturn|--- SIGCHLD)"}
DEBIAN = {
    "cat": ["/bin/cat", "/etc/hostname"],
    "pipe": ["/bin/sh", "-c", "ls / | wc -c >/dev/null"],
    "status": ["/bin/sh", "-c", "(exit 3); echo $?; trap 'echo term' TERM; kill $$; exit 4"],
    "missing": ["/bin/sh", "-c", "exec ls /none 2>/dev/null"],
}
MIXED = {name: ["/mixed", str(i)] for i, name in enumerate(["processes", "signals", "memory", "files", "waiting", "limits"])}


def explained():
    lines = (here / "explained.txt").read_text().splitlines()
    return [re.compile(line.split("  # ")[0]) for line in lines if line and not line.startswith("#")]


def records(text):
    """(pid, line) of a trace; a line cut by another's is joined again. Without an id it is the first process's."""
    open_lines, out = {}, []
    for line in text.splitlines():
        match = re.match(r"(?:\[pid +(\d+)\] |(\d+) +)?(.*)", line)
        pid, line = int(match[1] or match[2] or 1), match[3]
        line = re.sub(r"(\d+) /\* \d+ in strace's PID NS \*/", r"\1", line)
        if line.startswith("<... "):
            name = re.match(r"<\.\.\. \S+ resumed>", line)
            line = open_lines.pop(pid, "") + line[name.end():] if name else line
            out = [(p, line if (p, l) == (pid, None) else l) for p, l in out]
        elif line.endswith(" <unfinished ...>"):
            open_lines[pid] = line[: -len(" <unfinished ...>")]
            out.append((pid, None))
        else:
            out.append((pid, line))
    return [(pid, line if line is not None else open_lines.get(pid, "")) for pid, line in out]


def normalised(trace, patterns):
    """Lines of each process, the processes in the order of their ids."""
    ids = sorted({pid for pid, _ in trace})
    processes = {pid: [] for pid in ids}
    for pid, line in trace:
        if not re.match(r"[a-z_0-9]+\(|---|\+\+\+", line):
            continue
        line = re.sub(r"\)\s+= ", ") = ", line)
        line = re.sub(r"0x[0-9a-f]{4,}(?! \(flags)", "ADDR", line)
        line = re.sub(r"/\* \d+ vars? \*/", "/* vars */", line)
        line = re.sub(r"si_([us])time=\d+", r"si_\1time=0", line)
        line = re.sub(r"(S_IFDIR\|\d+, stx?_size=)\d+", r"\1N", line)
        line = re.sub(r"stx_mask=\S+ stx_attributes=\S+", "stx_mask=M, stx_attributes=A,", line)
        line = re.sub(r'getrandom\(".*?"(\.\.\.)?,', "getrandom(BYTES,", line)
        line = re.sub(r"(si_pid=|tgkill\(|tkill\(|kill\(|rt_sigqueueinfo\()(\d+)", r"\1PID", line)
        line = re.sub(r"(tgkill\(PID, )\d+", r"\1PID", line)
        line = re.sub(r"^(clone3?|v?fork|wait4|getpid|gettid|getppid|set_tid_address)(\(.*\)) = [1-9]\d*$", r"\1\2 = PID", line)
        line = re.sub(r"(wait4\(|parent_tid=\[|, )\d+(?=, \[?\{?W|\], )", lambda m: m[0] if m[1] == ", " else m[1] + "PID", line)
        line = re.sub(r"(waitid\(P_PID|wait4\()\d+", r"\1PID", line)
        line = re.sub(r"(parent_tid=\[)\d+", r"\1PID", line)
        line = re.sub(r"(futex\(ADDR, FUTEX_WAIT_BITSET\|FUTEX_CLOCK_REALTIME, )\d+", r"\1PID", line)
        line = re.sub(r"rt_sigreturn(\(.*\)) = [1-9]\d*", r"rt_sigreturn\1 = N", line)
        if not any(p.search(line) for p in patterns):
            processes[pid].append(line)
    return [lines for lines in processes.values() if lines]


def native_trace(root, command):
    """strace sees the shell that prepares the container, too: what counts begins with the command's own execve."""
    out = pathlib.Path("/tmp") / f"strace-check.{os.getpid()}"
    subprocess.run(["strace", "-f", "-o", out, native, root, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120)
    trace = records(out.read_text())
    out.unlink()
    start = next(i for i, (_, line) in enumerate(trace) if line.startswith(f'execve("{command[0]}"') and line.endswith("= 0"))
    family, kept = {trace[start][0]}, []
    pids = [pid for pid, _ in trace[:start]]
    for pid, line in trace[start:]:
        if pid in family or pid not in pids:
            family.add(pid)
            kept.append((pid, line))
    return kept


def guest_trace(runner, command):
    run = subprocess.run([*runner.split(), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    return records(run.stderr.decode(errors="replace"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runner", required=True, help="command prefix that runs a program in IMAGE with --strace")
    parser.add_argument("--cache", default=str(here.parent.parent / ".cache"))
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true", help="print the normalised traces")
    args = parser.parse_args()
    # A background job of a shell ignores these, and so would every program traced natively.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    cache, patterns, failed, passed = pathlib.Path(args.cache), explained(), 0, 0
    root = cache / "strace"
    for name in ["tmp", "proc", "dev"]:
        (root / name).mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-static", "-O1", "-w", "-pthread", "-o", root / "mixed", here / "mixed.c"], check=True)
    cases = [(name, cache / "debian", command) for name, command in DEBIAN.items()]
    cases += [(name, root, command) for name, command in MIXED.items()]
    for name, tree, command in cases:
        if not re.search(args.only, name):
            continue
        image = f"rootfs:{tree}" if tree == root else str(cache / "debian.tar")
        loose = [re.compile(LOOSE[name])] if name in LOOSE else []
        expected = normalised(native_trace(tree, command), patterns + loose)
        got = normalised(guest_trace(args.runner.replace("IMAGE", image), command), patterns + loose)
        text = lambda processes: [line for i, lines in enumerate(processes) for line in [f"process {i + 1}", *lines]]
        diff = list(difflib.unified_diff(text(expected), text(got), "strace", "--strace", lineterm="", n=1))
        if args.show:
            print("\n".join(text(got)))
        if diff:
            failed += 1
            print(f"FAIL {name}\n" + "\n".join(diff))
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)


main()
