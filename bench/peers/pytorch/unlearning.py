"""What AMUN does, in plain PyTorch: the search of its algorithm 1, and training by SGD.

Written from the method's description (Ebrahimpour-Boroojeny et al., "AMUN: Adversarial Machine UNlearning", ICML 2025) and the default
settings of its code: radius 0.04 at first, 50 steps of a tenth of the radius, the radius doubles until every example is misclassified.
Two deviations, both to PyTorch's advantage: the loss is summed over the batch where the original takes the mean, whose gradient drowns in
the 1e-10 added to its length; and the radius ends at the diameter of the input box, where the original would never end.
"""

import torch
import torch.nn.functional as F

DIAMETER = 28.0  # of [0, 1]^(28 x 28)
PER_IMAGE = (-1, 1, 1, 1)


def lengths(images):
    """Euclidean length of each image, [B, 1, 1, 1]."""
    return images.flatten(1).norm(dim=1).view(PER_IMAGE)


def gradient_step(model, x, x0, labels, epsilon):
    """Predictions at x, and the point after one step."""
    x = x.detach().requires_grad_()
    logits = model(x)
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, labels, reduction="sum"), x)
    with torch.no_grad():
        delta = x + (epsilon / 10) * gradient / (lengths(gradient) + 1e-12) - x0
        delta *= (epsilon / lengths(delta).clamp_min(1e-12)).clamp_max(1)
        return logits.argmax(1), (x0 + delta).clamp_(0, 1)


def fixed_steps(model, x0, labels, epsilon, steps):
    """Steps that nothing leaves: what one gradient step costs."""
    x = x0
    for _ in range(steps):
        _, x = gradient_step(model, x, x0, labels, epsilon)
    return x


class BatchSearch:
    """The search for one batch: examples leave it as they are misclassified."""

    def __init__(self, images, labels):
        self.found_images, self.found_labels = images.clone(memory_format=torch.preserve_format), labels.clone()
        self.rows = torch.arange(len(labels))
        self.x, self.x0, self.labels = images, images, labels
        self.gradients = 0

    def settle(self, predictions):
        """Lets the misclassified go. Returns which ones stay, or None where all do."""
        flipped = predictions != self.labels
        if not flipped.any():
            return None
        rows = self.rows[flipped]
        self.found_images[rows], self.found_labels[rows] = self.x[flipped].detach(), predictions[flipped]
        staying = ~flipped
        self.rows, self.x0, self.labels = self.rows[staying], self.x0[staying], self.labels[staying]
        return staying

    def run(self, model, epsilon, steps):
        while epsilon < DIAMETER and len(self.rows) > 0:
            for _ in range(steps):
                predictions, following = gradient_step(model, self.x, self.x0, self.labels, epsilon)
                self.gradients += len(self.rows)
                staying = self.settle(predictions)
                self.x = following if staying is None else following[staying]
                if len(self.rows) == 0:
                    return
            with torch.inference_mode():
                predictions = model(self.x).argmax(1)
            staying = self.settle(predictions)
            if staying is not None:
                self.x = self.x[staying]
            epsilon *= 2


def official_search(model, images, labels, batch=128, epsilon=0.04, steps=50):
    """Neighbours, their labels, and gradients of single images that were computed. Not found where the label is the image's own."""
    model.eval().requires_grad_(False)
    parts = []
    gradients = 0
    for start in range(0, len(labels), batch):
        search = BatchSearch(images[start : start + batch], labels[start : start + batch])
        search.run(model, epsilon, steps)
        gradients += search.gradients
        parts.append((search.found_images, search.found_labels))
    model.requires_grad_(True)
    found_images, found_labels = (torch.cat(part) for part in zip(*parts))
    return found_images, found_labels, gradients


def optimizer_for(model, rate):
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)


def train_epoch(model, optimizer, images, labels, batch=128):
    model.train()
    order = torch.randperm(len(labels))
    for start in range(0, len(labels), batch):
        rows = order[start : start + batch]
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(images[rows]), labels[rows]).backward()
        optimizer.step()


def amun_epochs(model, images, labels, epochs, rate=0.05, every=5):
    """AMUN's fine-tuning: the rate falls to a tenth every few epochs."""
    optimizer = optimizer_for(model, rate)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=every, gamma=0.1)
    for _ in range(epochs):
        train_epoch(model, optimizer, images, labels)
        schedule.step()
