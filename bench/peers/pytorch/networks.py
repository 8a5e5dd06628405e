"""The benchmark's networks in PyTorch, computing what the tfjs models of bench/models.ts compute.

With "same" padding and stride 2, tfjs pads an image of even size on its right and bottom, PyTorch's `padding=1` reaches beyond its left
and top. Mirroring an image on both axes exchanges the two, so images and kernels are mirrored once, on loading, and no step pays for
a padding operation of its own. Norms, distances and labels stay the same.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

NORM = {"eps": 1e-5, "momentum": 0.1}


def conv3(channels_in, channels_out, stride=1, bias=False):
    return nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=bias)


class Block(nn.Module):
    """A basic residual block; with stride 2 its shortcut is a 1x1 convolution."""

    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.conv_a, self.norm_a = conv3(channels_in, channels_out, stride), nn.BatchNorm2d(channels_out, **NORM)
        self.conv_b, self.norm_b = conv3(channels_out, channels_out), nn.BatchNorm2d(channels_out, **NORM)
        self.shortcut = None
        if stride != 1:
            self.shortcut = nn.Conv2d(channels_in, channels_out, 1, bias=False)
            self.shortcut_norm = nn.BatchNorm2d(channels_out, **NORM)

    def forward(self, x):
        residual = self.norm_b(self.conv_b(F.relu(self.norm_a(self.conv_a(x)))))
        if self.shortcut is not None:
            x = self.shortcut_norm(self.shortcut(x[:, :, 1::2, 1::2]))  # the even rows and columns of the image as it was
        return F.relu(residual + x)


class ResNet8(nn.Module):
    """A stem, three stages of one block with 16, 32 and 64 channels, the average over positions, and a dense layer."""

    def __init__(self, classes):
        super().__init__()
        self.stem, self.stem_norm = conv3(1, 16), nn.BatchNorm2d(16, **NORM)
        self.stage1, self.stage2, self.stage3 = Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.stem_norm(self.stem(x)))
        return self.head(self.stage3(self.stage2(self.stage1(x))).mean((2, 3)))


class PlainCnn(nn.Module):
    """Two convolutions with max pooling, and two dense layers, for 28x28 images."""

    def __init__(self, classes):
        super().__init__()
        self.conv1, self.conv2 = conv3(1, 8, bias=True), conv3(8, 16, bias=True)
        self.hidden, self.head = nn.Linear(7 * 7 * 16, 64), nn.Linear(64, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.head(F.relu(self.hidden(x.flatten(1))))


NETWORKS = {"resnet8": ResNet8, "plain-cnn": PlainCnn}

# Variables of tfjs' layers by the names of PyTorch's.
NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def read_weights(path):
    """Arrays by key: one line of JSON with name and shape of each, then float32 values, one array after the other."""
    with open(path, "rb") as file:
        entries = json.loads(file.readline())
        values = np.frombuffer(file.read(), "<f4")
    ends = np.cumsum([int(np.prod(entry["shape"])) for entry in entries])
    parts = np.split(values, ends[:-1])
    return {entry["key"]: part.reshape(entry["shape"]) for entry, part in zip(entries, parts)}


def converted(network, key, array):
    """An array in PyTorch's layout, for mirrored images."""
    if array.ndim == 4:  # [height, width, in, out] -> [out, in, height, width]
        return array[::-1, ::-1].transpose(3, 2, 0, 1)
    if array.ndim == 2 and key == "hidden/kernel" and network == "plain-cnn":  # rows (y, x, channel) -> (channel, y, x)
        return array.reshape(7, 7, 16, -1)[::-1, ::-1].transpose(3, 2, 0, 1).reshape(array.shape[1], -1)
    return array.T if array.ndim == 2 else array


def load_network(name, path):
    """A network with the weights of a file that bench/weights.ts wrote."""
    arrays = read_weights(path)
    model = NETWORKS[name](arrays["head/bias"].size)
    state = model.state_dict()
    for key, array in arrays.items():
        layer, variable = key.split("/")
        target = state[f"{layer.replace('-', '.')}.{NAMES[variable]}"]
        target.copy_(torch.from_numpy(np.ascontiguousarray(converted(name, key, array))).reshape(target.shape))
    return model
