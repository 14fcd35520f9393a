#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every command that reads a file is given damaged ones.

    damaged_inputs.py RCUSCOPE MAKE_DAMAGED REPOSITORY MODULES

None may end by a signal, take more memory or time than its size explains, or end with an exit code
that is not documented. MODULES: the folder with the sample modules of the unit tests. The inputs are
the same in each run: `--keep FOLDER` leaves them there.
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

place = threading.local()


class Ran:
    """A command, run to its end."""

    def __init__(self, command, user=None):
        self.command = command
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, user=user, group=user)
            timer = threading.Timer(patience, process.kill)
            timer.start()
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
    """Of this thread: what is written by its commands."""
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
    # What reads captures alone is given it by mistake.
    yield [rcuscope, "info", path]
    yield [rcuscope, "export", path, "-o", os.path.join(out, "x.json")]


def open_page(rcuscope, path):
    """Serves the page, has it fetched, and ends; or says what is wrong."""
    command = [rcuscope, "open", "--html", "--no-browser", "--port", "0", path]
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=err, text=True)
        timer = threading.Timer(patience, process.kill)
        timer.start()
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Waiting"):
                port, page = re.search(r"http://127\.0\.0\.1:(\d+)(/\S*)", said).groups()
                connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=patience)
                connection.request("GET", page)
                connection.getresponse().read()
                connection.close()
        code = process.wait()
        timer.cancel()
    return None if code in (0, 2) else f"exit code {code}: {' '.join(command)}"


class Inputs:
    def __init__(self, make_damaged, repository, modules, folder):
        self.make_damaged, self.folder = make_damaged, folder
        corpus = os.path.join(repository, "tests/fuzz/corpus")
        captures = sorted(glob.glob(os.path.join(corpus, "capture/*")))
        summaries = sorted(glob.glob(os.path.join(corpus, "summary/*")))
        kernel_modules = sorted(glob.glob(os.path.join(modules, "*.ko")))
        self.good_summary = os.path.join(repository, "tests/golden/summary.json")
        self.captures = captures + self.damaged("captures", "capture", captures_made, captures)
        golden = [os.path.join(repository, "tests/golden", name) for name in ("summary.json", "summary-nasty.json")]
        self.summaries = summaries + golden + self.damaged("texts", "summary", summaries_made, golden)
        modules = kernel_modules + sorted(glob.glob(os.path.join(corpus, "module_file/*")))
        self.modules = modules + self.damaged("files", "module", modules_made, modules)
        # Whole ones, of a current kernel and of older formats.
        self.recordings = sorted(glob.glob(os.path.join(repository, "tests/viz/recordings/*.rcu")))
        # Files of other targets are no captures; all the same somebody may name them.
        self.others = sorted(path for path in glob.glob(os.path.join(corpus, "*/*")) if "/corpus/capture/" not in path)

    def damaged(self, how, name, count, files):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        subprocess.run([self.make_damaged, how, str(count), folder, *files], check=True)
        return sorted(glob.glob(os.path.join(folder, "*")))


def all_work(rcuscope, inputs, root):
    """Functions, each of which gives what is wrong with one command."""
    anybodys = shutil.copy(rcuscope, root)  # where it was built others may have no access
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
        # Where a kernel could be traced it is not, for lack of privileges.
        to = os.path.join(anybodys_folder, f"{threading.get_ident()}.rcu")
        ran = Ran([anybodys, "record", "-m", path, "-o", to, "--", "true"], nobody if os.geteuid() == 0 else None)
        problem = ran.problem((2, 3))
        if problem:
            yield ran.describe(problem)

    def other(path):
        ran = Ran([rcuscope, "report", path])
        problem = ran.problem((0, 2))
        if problem:
            yield ran.describe(problem)

    def page(path):
        problem = open_page(rcuscope, path)
        if problem:
            yield problem

    for path in inputs.captures + inputs.recordings:
        yield several, (commands_of_capture, path)
    for path in inputs.summaries:
        yield several, (commands_of_summary, path)
    for path in inputs.modules:
        yield record, (path,)
    for path in inputs.others:
        yield other, (path,)
    for path in inputs.captures[::20]:
        yield page, (path,)


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
        for job in concurrent.futures.as_completed(jobs):
            for failure in job.result():
                failures.append(failure)
                print("NOT OK", failure, flush=True)
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rcuscope")
    parser.add_argument("make_damaged")
    parser.add_argument("repository")
    parser.add_argument("modules")
    parser.add_argument("--keep", help="leave the inputs in this new folder")
    arguments = parser.parse_args()
    # So that a machine survives what goes wrong here; far beyond what is allowed.
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
