"""PyTorch as a peer of the benchmarks: answers one JSON object a line on stdout to each on stdin.

One thread. Times are seconds of the wall clock and of the processor. Each operation runs in the memory format, NCHW or channels last, that
was the faster one for it in a short trial.
"""

import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import copy
import gzip
import json
import resource
import sys
import time

import numpy as np
import torch

from networks import load_network, read_weights
from unlearning import amun_epochs, fixed_steps, official_search, optimizer_for, train_epoch

TRIALS = 3
FORMATS = {"channels last": torch.channels_last, "NCHW": torch.contiguous_format}


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self):
        return {"wall": time.perf_counter() - self.wall, "cpu": time.process_time() - self.cpu}


def read_idx(path, header):
    with gzip.open(path) as file:
        return np.frombuffer(file.read()[header:], np.uint8)


def repeated(work, seconds):
    """Runs `work`, which returns how many images it took, until the time is over."""
    images, clock = 0, Clock()
    while images == 0 or clock.read()["wall"] < seconds:
        images += work()
    return {"images": images, **clock.read()}


class Peer:
    def __init__(self):
        torch.set_num_threads(1)
        torch.manual_seed(1)
        self.models, self.layouts = {}, {}

    def hello(self, data):
        pixels = read_idx(os.path.join(data, "train-images-idx3-ubyte.gz"), 16).reshape(-1, 1, 28, 28)
        labels = read_idx(os.path.join(data, "train-labels-idx1-ubyte.gz"), 8)
        mirrored = np.ascontiguousarray(pixels[:, :, ::-1, ::-1]).astype(np.float32) / 255  # as networks.py expects
        self.images, self.labels = torch.from_numpy(mirrored), torch.from_numpy(labels.astype(np.int64))
        return {"engine": "pytorch", "version": torch.__version__, "threads": torch.get_num_threads()}

    def load(self, model, weights):
        self.models[model] = load_network(model, weights).eval()
        return {}

    def gemm(self, size, seconds):
        a, b = torch.rand(size, size), torch.rand(size, size)
        a @ b
        return repeated(lambda: len(a @ b) and 1, seconds)

    def logits(self, model, count):
        with torch.inference_mode():
            return {"logits": self.models[model](self.images[:count]).flatten().tolist()}

    def copies(self, model, layout, count):
        """A private copy of a model and the first images, in a layout."""
        memory_format = FORMATS[layout]
        own = copy.deepcopy(self.models[model]).to(memory_format=memory_format)
        return own, self.images[:count].contiguous(memory_format=memory_format)

    def inference(self, model, batch, seconds, count):
        def work(own, images):
            own.eval()
            with torch.inference_mode():
                for start in range(0, len(images), batch):
                    own(images[start : start + batch])
            return len(images)

        return self.in_best_layout("inference", model, batch, count, work, seconds)

    def pgd(self, model, batch, seconds, steps):
        labels = self.labels[:batch]

        def work(own, images):
            own.eval().requires_grad_(False)
            fixed_steps(own, images, labels, 1e-4, steps)
            return len(images) * steps

        return self.in_best_layout("pgd", model, batch, batch, work, seconds)

    def train(self, model, batch, seconds, count):
        optimizers = {}

        def work(own, images):
            optimizer = optimizers.setdefault(id(own), optimizer_for(own, 0.01))
            train_epoch(own, optimizer, images, self.labels[: len(images)], batch)
            return len(images)

        return self.in_best_layout("train", model, batch, count, work, seconds)

    def in_best_layout(self, operation, model, batch, count, work, seconds):
        layout = self.layout(operation, model, batch, count, work)
        own, images = self.copies(model, layout, count)
        work(own, images)
        return {"layout": layout, **repeated(lambda: work(own, images), seconds)}

    def layout(self, operation, model, batch, count, work):
        """The faster layout for an operation: by the processor's time, the best of three trials, in turns."""
        key = (operation, model, batch)
        if key not in self.layouts:
            sides = {layout: self.copies(model, layout, count) for layout in FORMATS}
            times = {layout: [] for layout in FORMATS}
            for _ in range(1 + TRIALS):  # the first to warm up
                for layout, (own, images) in sides.items():
                    times[layout].append(repeated(lambda: work(own, images), 0)["cpu"])
            self.layouts[key] = min(times, key=lambda layout: min(times[layout][1:]))
        return self.layouts[key]

    def judge(self, model, path):
        """What this side makes of neighbours that another has found for the first images."""
        arrays = read_weights(path)
        rows = torch.from_numpy(arrays["rows"].astype(np.int64))
        mirrored = np.ascontiguousarray(arrays["neighbours"][:, None, ::-1, ::-1])
        neighbours = torch.from_numpy(mirrored)
        with torch.inference_mode():
            predictions = self.models[model](neighbours).argmax(1)
        distances = (neighbours - self.images[rows]).flatten(1).norm(dim=1)
        return {"misclassified": int((predictions != self.labels[rows]).sum()), "distances": distances.tolist()}

    def amun(self, model, forget, retain, epochs):
        """The search for the first images, then training on its neighbours and the images after them."""
        known = [self.layouts.get((operation, model, 128), "channels last") for operation in ("pgd", "train")]
        own, images = self.copies(model, known[0], forget)
        labels = self.labels[:forget]
        clock = Clock()
        found_images, found_labels, gradients = official_search(own, images, labels)
        search = clock.read()
        flipped = found_labels != labels
        distances = (found_images - images).flatten(1).norm(dim=1)
        if epochs > 0:
            memory_format = FORMATS[known[1]]
            own = own.to(memory_format=memory_format)
            rest = slice(forget, forget + retain)
            training = torch.cat((found_images[flipped], self.images[rest])).contiguous(memory_format=memory_format)
            amun_epochs(own, training, torch.cat((found_labels[flipped], self.labels[rest])), epochs)
        return {
            **clock.read(),
            "search": search,
            "gradientSteps": gradients,
            "found": int(flipped.sum()),
            "distances": distances[flipped].tolist(),
            "layout": " and ".join(dict.fromkeys(known)),
        }


def main():
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        operation = request.pop("operation")
        try:
            answer = getattr(peer, operation)(**request)
            answer["peakRssMb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        except Exception as error:  # the caller decides what a failure means
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
