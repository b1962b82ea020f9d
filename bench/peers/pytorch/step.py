"""Times training steps of our nets in PyTorch on one GPU, for a table beside ours: python3 step.py [net ...] > pytorch.jsonl

Images are on the GPU as bytes; a step takes a random batch, normalises it, and does forward, loss, backward and update, as ours. float32 without
TF32, as WebGPU computes; rows with TF32 say so. `eager` is what a user writes, `graph` the same step captured once as a CUDA graph.
Needs torch 2 with CUDA. One JSON line per row: net, mode, ms per step (median of 7 stretches).
"""
import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def mlp():
    def hidden(i, o):
        return [nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU()]

    return nn.Sequential(nn.Flatten(), *hidden(3072, 50), *hidden(50, 50), nn.Linear(50, 10))


def patch(size, filters, width):
    side = 32 // size
    return nn.Sequential(
        nn.Conv2d(3, filters, size, size), nn.ReLU(), nn.Flatten(),
        nn.Linear(filters * side * side, width), nn.ReLU(), nn.Linear(width, 10))


def vgg(*widths):
    layers, before = [], 3
    for i, width in enumerate(widths):
        layers += [nn.Conv2d(before, width, 3, 1 if i == 0 else 2, 1), nn.BatchNorm2d(width), nn.ReLU()]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def air(*widths):
    def conv(i, o):
        return nn.Conv2d(i, o, 3, padding=1, bias=False)

    layers, before = [nn.Conv2d(3, 24, 2).requires_grad_(False), nn.GELU()], 24  # Whitening: its bias alone is trained.
    layers[0].bias.requires_grad_()
    for width in widths:
        layers += [conv(before, width), nn.MaxPool2d(2), nn.BatchNorm2d(width), nn.GELU()]
        layers += [conv(width, width), nn.BatchNorm2d(width), nn.GELU()]
        before = width
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(before, 10, bias=False))


FAMILIES = {"base": mlp, "patch": patch, "vgg": vgg, "air": air}


def make(name):
    family, *numbers = name.split("-")
    return FAMILIES[family](*map(int, numbers))


def stepper(name):
    """The step of a net, and its batch size."""
    torch.manual_seed(1)
    batch = 1024 if name.startswith("air") else 100
    net = make(name).cuda()
    momentum = {} if name.startswith(("base", "patch")) else {"momentum": 0.9, "nesterov": True}
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.01, weight_decay=5e-3, **momentum)
    images = torch.randint(0, 256, (50_000, 3, 32, 32), dtype=torch.uint8, device="cuda")
    labels = torch.randint(0, 10, (50_000,), device="cuda")
    mean, std = images[:5000].float().mean(0), images[:5000].float().std(0)

    def step():
        rows = torch.randint(0, 50_000, (batch,), device="cuda")
        x = (images[rows].float() - mean) / std
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(x), labels[rows])
        loss.backward()
        optimizer.step()

    return step, batch


def graphed(step):
    """The step as a CUDA graph (https://pytorch.org/docs/stable/notes/cuda.html#whole-network-capture)."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def median_ms(step, seconds=0.25):
    for _ in range(5):
        step()
    torch.cuda.synchronize()
    started = time.perf_counter()
    step()
    torch.cuda.synchronize()
    count = max(3, int(seconds / (time.perf_counter() - started)))
    times = []
    for _ in range(7):
        torch.cuda.synchronize()
        started = time.perf_counter()
        for _ in range(count):
            step()
        torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - started) / count)
    return statistics.median(times)


def allow_tf32(allowed):
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def main(names):
    torch.backends.cudnn.benchmark = True
    about = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__}
    print(json.dumps(about), flush=True)
    allow_tf32(False)
    for size in (512, 1024, 2048, 4096):
        a, b = (torch.randn(size, size, device="cuda") for _ in range(2))
        ms = median_ms(lambda: torch.mm(a, b), 0.1)
        print(json.dumps({"product": size, "ms": ms, "tflops": 2 * size**3 / ms / 1e9}), flush=True)
    for name in names:
        for tf32 in (False, True):
            allow_tf32(tf32)
            step, batch = stepper(name)
            row = {"net": name, "batch": batch, "tf32": tf32}
            print(json.dumps({**row, "mode": "eager", "ms": median_ms(step)}), flush=True)
            step, batch = stepper(name)
            print(json.dumps({**row, "mode": "graph", "ms": median_ms(graphed(step))}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["base", "patch-4-10-50", "vgg-16-32-64", "vgg-64-256-256", "air-64-256-256"])
