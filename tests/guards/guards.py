"""guards.py check             every edit applies, its test exists, its name is used
guards.py run [NAME...]     takes away each guard (or those named) in a copy of the
                            tree, and shows that its test fails without and passes
                            with it; some minutes, and all CPUs

The copy is of what git knows, in a directory of its own that is removed at the end.
See guards.list.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LEAST = 30
# A test takes less; one that goes round in circles is ended.
PATIENCE = 60


def read_list():
    guards = []
    with open(os.path.join(HERE, "guards.list"), encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            word, _, rest = line.partition(" ")
            if word == "guard":
                guards.append({"name": rest, "old": "", "new": ""})
            elif word in ("file", "test"):
                guards[-1][word] = rest
            elif word in ("-", "+"):
                guards[-1]["old" if word == "-" else "new"] += rest + "\n"
            elif line and not line.startswith("#"):
                sys.exit(f"guards.list: not understood: {line}")
    for guard in guards:
        guard["unit"], _, guard["case"] = guard["test"].partition(": ")
    return guards


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def complaints(guard, text, known):
    test = os.path.join(ROOT, "tests", guard["unit"] + "_test.c")
    if text.count(guard["old"]) != 1:
        yield f"its lines are not in {guard['file']} once"
    if not os.path.exists(test) or f"TEST({guard['case']})" not in read(ROOT, test):
        yield f"there is no test {guard['test']}"
    if f"`{guard['name']}`" not in known:
        yield "docs/failures.md does not name it"


def check(guards):
    known = read(ROOT, "docs/failures.md")
    names = [guard["name"] for guard in guards]
    bad = 0
    for guard in guards:
        for sentence in complaints(guard, read(ROOT, guard["file"]), known):
            print(f"{guard['name']}: {sentence}")
            bad += 1
    for name in {name for name in names if names.count(name) > 1}:
        print(f"{name}: twice")
        bad += 1
    if len(guards) < LEAST:
        print(f"{len(guards)} guards are fewer than {LEAST}")
        bad += 1
    return bad == 0


def copy_tree(to):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True,
                            capture_output=True).stdout.decode()
    for path in filter(None, listed.split("\0")):
        source = os.path.join(ROOT, path)
        if os.path.isfile(source):
            os.makedirs(os.path.dirname(os.path.join(to, path)), exist_ok=True)
            shutil.copy2(source, os.path.join(to, path))


class Copy:
    """A copy of the tree, and its build."""

    def __init__(self, directory):
        self.tree = directory
        self.build = os.path.join(directory, "build")
        copy_tree(directory)
        if shutil.which("ccache"):
            os.environ.update(CCACHE_NOHASHDIR="1", CCACHE_BASEDIR=directory,
                              CMAKE_C_COMPILER_LAUNCHER="ccache")
        # A guard that is gone leaves things behind that nobody uses.
        self.call(["cmake", "--preset", "dev", "-B", self.build, "-DALTAIR_WARNINGS="])

    def call(self, command):
        done = subprocess.run(command, cwd=self.tree, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.exit(done.stdout + "guards.py: it does not build")

    @staticmethod
    def program(guard):
        folder, noun = os.path.split(guard["unit"])
        prefix = "secure-" if folder == "secure" else ""
        return prefix + noun.replace("_", "-") + "-test"

    def make(self, guards):
        self.call(["cmake", "--build", self.build, "--target",
                   *sorted({self.program(guard) for guard in guards})])

    def passes(self, guard):
        program = os.path.join(self.build, "tests",
                               os.path.dirname(guard["unit"]), self.program(guard))
        try:
            done = subprocess.run([program, guard["case"]], check=False,
                                  timeout=PATIENCE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def passes_without(self, guard):
        path = os.path.join(self.tree, guard["file"])
        text = read(self.tree, guard["file"])
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(guard["old"], guard["new"]))
            self.make([guard])
            return self.passes(guard)
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)


def run(guards):
    bad = 0
    with tempfile.TemporaryDirectory(prefix="guards") as directory:
        copy = Copy(directory)
        copy.make(guards)
        failing = [guard["test"] for guard in guards if not copy.passes(guard)]
        for guard in guards:
            if guard["test"] in failing:
                sentence = "FAILS with its guard"
            elif copy.passes_without(guard):
                sentence = "passes without its guard"
            else:
                sentence = "fails without its guard"
            bad += sentence != "fails without its guard"
            print(f"{guard['name']}: {guard['test']} {sentence}", flush=True)
    print(f"{len(guards) - bad} of {len(guards)} guards are missed when they are gone")
    return bad == 0


def main():
    guards = read_list()
    mode, names = (sys.argv[1:2] or [""])[0], sys.argv[2:]
    if names:
        guards = [guard for guard in guards if guard["name"] in names]
    if mode == "check":
        return check(guards)
    if mode == "run" and guards:
        return run(guards)
    sys.exit(__doc__)


sys.exit(0 if main() else 1)
