#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every command that reads a file on damaged files.

    damaged_inputs.py RCUSCOPE MAKE_DAMAGED MAKE_HOSTILE REPOSITORY MODULES

No command may end by a signal, take more memory or time than the size of its file explains, or end with an
undocumented exit code. MODULES: the folder with the sample modules of the unit tests. The inputs are the same in each
run; `--keep FOLDER` keeps them there.

Time may grow at most linearly with the unpacked size of a file. To check this, well-formed captures that take as long
as possible (make_hostile) are used in two sizes.
"""
import argparse
import concurrent.futures
import glob
import http.client
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

captures_made, summaries_made, modules_made = 300, 50, 100
most_memory = 256 << 20
most_seconds = 20  # of CPU time, for a file below 64 kB
patience = 120  # seconds, on a busy machine, before a command is killed
nobody = 65534

# Minimum share of the damaged captures and summaries that must still be readable: a file that is rejected at once tests
# little.
least_accepted = 1 / 3

# Records of hostile captures: the highest number that is accepted, and an eighth of it. Linear time differs by a factor
# of 8, quadratic time by 64.
most_records = 1 << 17
larger = 8
far_from_linear = 30
attempts = 5  # the shortest counts: a busy machine only makes them longer
least_seconds = 0.005  # shorter times are not reliable, and count as this

place = threading.local()


class Ran:
    """A command, run to its end. Calls `attend` with the running process, whose output is then a pipe."""

    def __init__(self, command, user=None, attend=None):
        self.command = command
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if attend else out,
                                       stderr=err, user=user, group=user)
            timer = threading.Timer(patience, process.kill)
            timer.start()
            if attend:
                attend(process)
                process.stdout.close()
            _, status, used = os.wait4(process.pid, 0)
            timer.cancel()
            self.code = process.returncode = os.waitstatus_to_exitcode(status)
            self.seconds = used.ru_utime + used.ru_stime
            self.memory = used.ru_maxrss << 10
            out.seek(0)
            err.seek(0)
            self.out, self.err = out.read(), err.read()

    def problem(self, codes):
        if self.code < 0:
            return f"ended by signal {-self.code}"
        if self.code not in codes:
            return f"exit code {self.code}"
        if self.memory > most_memory:
            return f"{self.memory >> 20} MiB"
        if self.seconds > most_seconds:
            return f"{self.seconds:.1f} s of CPU time"
        if self.code == 2 and not self.err.startswith(b"rcuscope: "):
            return "exit code 2 without a reason"
        return None

    def describe(self, problem):
        return f"{problem}: {' '.join(self.command)}\n{self.err.decode(errors='replace')[:400]}"


def own_folder(root):
    """Folder for the output of this thread's commands."""
    if not hasattr(place, "folder"):
        place.folder = tempfile.mkdtemp(dir=root)
    return place.folder


def commands_of_capture(rcuscope, path, out, good):
    budget = ["--budget", "gp.p99<1s", "--budget", "hazards==0"]
    yield [rcuscope, "info", path]
    yield [rcuscope, "info", "--json", path]
    yield [rcuscope, "report", path]
    yield [rcuscope, "report", "--markdown", path]
    yield [rcuscope, "report", "--json", path]
    exported = (os.path.join(out, "x" + ending) for ending in (".json", ".pftrace", ".chrome.json", ".html"))
    yield [rcuscope, "export", path] + [part for each in exported for part in ("-o", each)]
    yield [rcuscope, "summarize", path]
    yield [rcuscope, "check", "--allow-incomplete", path] + budget
    yield [rcuscope, "check", good, "--baseline", path]


def commands_of_summary(rcuscope, path, out, good):
    yield [rcuscope, "report", path]
    yield [rcuscope, "check", path, "--budget", "gp.p99<1s"]
    yield [rcuscope, "check", good, good, good, good, "--baseline", path, path, path, path]
    # Commands that read only captures must reject it.
    yield [rcuscope, "info", path]
    yield [rcuscope, "export", path, "-o", os.path.join(out, "x.json")]


def fetch_page(process):
    """Reads the page that `open` serves; `open` then ends by itself."""
    said = ""
    for line in process.stdout:
        said += line.decode()
        if not line.startswith(b"Waiting"):
            continue
        port, page = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)", said).groups()
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=patience)
        connection.request("GET", page)
        connection.getresponse().read()
        connection.close()


class Inputs:
    def __init__(self, make_damaged, repository, modules, folder):
        self.make_damaged, self.folder = make_damaged, folder
        corpus = os.path.join(repository, "tests/fuzz/corpus")
        captures = sorted(glob.glob(os.path.join(corpus, "capture/*")))
        summaries = sorted(glob.glob(os.path.join(corpus, "summary/*")))
        kernel_modules = sorted(glob.glob(os.path.join(modules, "*.ko")))
        self.good_summary = os.path.join(repository, "tests/golden/summary.json")
        self.damaged_captures = self.damaged("captures", captures_made, captures)
        self.captures = captures + self.damaged_captures
        golden = [os.path.join(repository, "tests/golden", name) for name in ("summary.json", "summary-nasty.json")]
        self.damaged_summaries = self.damaged("summaries", summaries_made, golden)
        self.summaries = summaries + golden + self.damaged_summaries
        modules = kernel_modules + sorted(glob.glob(os.path.join(corpus, "module_file/*")))
        self.modules = modules + self.damaged("files", modules_made, modules)
        # Undamaged captures of a current kernel and of older formats.
        self.recordings = sorted(glob.glob(os.path.join(repository, "tests/viz/recordings/*.rcu")))
        # Files of other targets are no captures, but a user may name one.
        self.others = sorted(path for path in glob.glob(os.path.join(corpus, "*/*")) if "/corpus/capture/" not in path)

    def damaged(self, how, count, files):
        folder = os.path.join(self.folder, how)
        os.mkdir(folder)
        subprocess.run([self.make_damaged, how, str(count), folder, *files], check=True)
        return sorted(glob.glob(os.path.join(folder, "*")))


def all_work(rcuscope, inputs, root):
    """Yields functions; each yields the problems of one command."""
    anybodys = shutil.copy(rcuscope, root)  # other users may have no access to the build folder
    anybodys_folder = tempfile.mkdtemp(dir=root)
    if os.geteuid() == 0:
        os.chown(anybodys_folder, nobody, nobody)

    def several(commands_of, path):
        for command in commands_of(rcuscope, path, own_folder(root), inputs.good_summary):
            ran = Ran(command)
            problem = ran.problem((0, 1, 2) if command[1] == "check" else (0, 2))
            if problem:
                yield ran.describe(problem)

    def record(path):
        # Runs without privileges, so it records nothing even where the kernel could be traced.
        to = os.path.join(anybodys_folder, f"{threading.get_ident()}.rcu")
        ran = Ran([anybodys, "record", "-m", path, "-o", to, "--", "true"], nobody if os.geteuid() == 0 else None)
        problem = ran.problem((2, 3))
        if problem:
            yield ran.describe(problem)

    def review(path):
        ran = Ran([rcuscope, "review", path])
        problem = ran.problem((0, 2))
        if problem:
            yield ran.describe(problem)

    def other(path):
        ran = Ran([rcuscope, "report", path])
        problem = ran.problem((0, 2))
        if problem:
            yield ran.describe(problem)

    def page(path):
        command = [rcuscope, "open", "--html", "--no-browser", "--port", "0", path]
        ran = Ran(command, attend=fetch_page)
        problem = ran.problem((0, 2))
        if problem:
            yield ran.describe(problem)

    def accepted(what, paths):
        count = sum(Ran([rcuscope, "report", path]).code == 0 for path in paths)
        if count < least_accepted * len(paths):
            yield f"of {len(paths)} damaged {what} only {count} were read"
        print(f"of {len(paths)} damaged {what} {count} were read", flush=True)

    for path in inputs.captures + inputs.recordings:
        yield several, (commands_of_capture, path)
    for path in inputs.summaries:
        yield several, (commands_of_summary, path)
    for path in inputs.modules:
        yield record, (path,)
        yield review, (path,)
    for path in inputs.others:
        yield other, (path,)
    for path in inputs.captures[::20]:
        yield page, (path,)
    yield accepted, ("captures", inputs.damaged_captures)
    yield accepted, ("summaries", inputs.damaged_summaries)


class Growth:
    """Measures how the time of a command grows with the number of records in a hostile capture."""

    def __init__(self, rcuscope, make_hostile, root):
        self.rcuscope, self.make_hostile, self.root = rcuscope, make_hostile, root
        self.ratios = []
        self.start = min(Ran([rcuscope, "--version"]).seconds for _ in range(attempts))

    def kinds(self):
        usage = subprocess.run([self.make_hostile], stderr=subprocess.PIPE, text=True, check=False).stderr
        return [line.strip() for line in usage.splitlines()[1:]]

    def make(self, kind, records):
        path = os.path.join(self.root, f"{kind}-{records}.rcu")
        subprocess.run([self.make_hostile, kind, str(records), path], check=True)
        return path

    def commands(self, path):
        outputs = (os.path.join(own_folder(self.root), "x" + ending) for ending in (".json", ".pftrace"))
        yield [self.rcuscope, "report", path]
        yield [self.rcuscope, "export", path] + [part for each in outputs for part in ("-o", each)]

    def problems(self, kind):
        records = most_records
        large = self.make(kind, records)
        while Ran([self.rcuscope, "info", large]).code != 0:
            os.remove(large)
            records //= 2
            if records < most_records >> 6:
                yield f"{kind}: no capture of {records * 2} records is read"
                return
            large = self.make(kind, records)
        small = self.make(kind, records // larger)
        for of_small, of_large in zip(self.commands(small), self.commands(large)):
            problem = self.too_fast(of_small, of_large)
            if problem:
                yield f"{kind}, {records // larger} and {records} records: {problem}: {' '.join(of_large)}"
        os.remove(small)
        os.remove(large)

    def too_fast(self, of_small, of_large):
        least = [patience, patience]
        for _ in range(attempts):
            for at, command in enumerate((of_small, of_large)):
                ran = Ran(command)
                problem = ran.problem((0,))
                if problem:
                    return problem
                least[at] = min(least[at], ran.seconds)
            ratio = (least[1] - self.start) / max(least[0] - self.start, least_seconds)
            if ratio < far_from_linear:
                self.ratios.append((ratio, " ".join(of_large[1:3])))
                return None
        return f"{least[0]:.2f} s and {least[1]:.2f} s of CPU time"


def run(arguments, folder):
    os.chmod(folder, 0o755)
    inputs = Inputs(arguments.make_damaged, arguments.repository, arguments.modules, folder)
    print(f"{len(inputs.captures)} captures, {len(inputs.summaries)} summaries, {len(inputs.modules)} modules, "
          f"{len(inputs.others)} other files", flush=True)
    root = tempfile.mkdtemp(dir=folder)
    os.chmod(root, 0o755)
    failures = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(lambda each=each, what=what: list(each(*what)))
                for each, what in all_work(arguments.rcuscope, inputs, root)]
        growth = Growth(arguments.rcuscope, arguments.make_hostile, root)
        jobs += [pool.submit(lambda kind=kind: list(growth.problems(kind))) for kind in growth.kinds()]
        for job in concurrent.futures.as_completed(jobs):
            for failure in job.result():
                failures.append(failure)
                print("NOT OK", failure, flush=True)
    ratio, of = max(growth.ratios, default=(0, ""))
    print(f"for {larger} times the records of {len(growth.ratios)} hostile captures at most {ratio:.1f} times as long: {of}")
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rcuscope")
    parser.add_argument("make_damaged")
    parser.add_argument("make_hostile")
    parser.add_argument("repository")
    parser.add_argument("modules")
    parser.add_argument("--keep", help="leave the inputs in this new folder")
    arguments = parser.parse_args()
    # Protects the machine from runaway commands; far above the allowed memory.
    resource.setrlimit(resource.RLIMIT_DATA, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    began = time.monotonic()
    if arguments.keep:
        pathlib.Path(arguments.keep).mkdir()
        failures = run(arguments, arguments.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            failures = run(arguments, folder)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{len(failures)} failures; {time.monotonic() - began:.0f} s, "
          f"{used.ru_utime + used.ru_stime:.0f} s of CPU time, at most {used.ru_maxrss >> 10} MiB")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
