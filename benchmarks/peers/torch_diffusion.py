"""Runs one workload of `rapport bench policy` in PyTorch: torch_diffusion.py WORKLOAD RUNS.

Prints {"milliseconds", "cpuMilliseconds"} as JSON: medians per run, one thread. WORKLOAD is train (batch 64, AdamW and
moving average of the weights), sample1 or sample16 (ten DDIM steps for that many chunks), of a U-Net; the same with
transformer- in front, of a transformer. camera-train is train of the U-Net with one camera of 84x84.
"""

import copy
import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

ACTION, HORIZON, CONDITION, EMBED, WIDTHS, TIMESTEPS = 7, 16, 40, 128, (64, 128, 256), 100
STEPS, WIDTH, LAYERS, HEADS = 2, 128, 4, 4
CROP, KEYPOINTS, STATE = 84, 32, 20


def block(inputs, outputs):
    return nn.Sequential(nn.Conv1d(inputs, outputs, 5, padding=2), nn.GroupNorm(8, outputs), nn.Mish())


class Residual(nn.Module):
    def __init__(self, inputs, outputs, condition):
        super().__init__()
        self.first, self.second = block(inputs, outputs), block(outputs, outputs)
        self.film = nn.Linear(EMBED + condition, 2 * outputs)
        self.shortcut = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, modulation):
        scale, shift = self.film(modulation).unsqueeze(-1).chunk(2, 1)
        return self.second(scale * self.first(x) + shift) + self.shortcut(x)


class UNet(nn.Module):
    def __init__(self, condition=CONDITION):
        super().__init__()

        def residual(inputs, outputs):
            return Residual(inputs, outputs, condition)

        self.time = nn.Sequential(nn.Linear(EMBED, 4 * EMBED), nn.Mish(), nn.Linear(4 * EMBED, EMBED))
        sizes = (ACTION, *WIDTHS)
        self.down = nn.ModuleList(nn.ModuleList([residual(a, b), residual(b, b)]) for a, b in zip(sizes, WIDTHS))
        self.shrink = nn.ModuleList(nn.Conv1d(w, w, 3, 2, 1) for w in WIDTHS[:-1])
        self.middle = nn.ModuleList(residual(WIDTHS[-1], WIDTHS[-1]) for _ in range(2))
        pairs = list(zip(WIDTHS[::-1], WIDTHS[-2::-1]))
        self.up = nn.ModuleList(nn.ModuleList([residual(2 * a, b), residual(b, b)]) for a, b in pairs)
        self.grow = nn.ModuleList(nn.ConvTranspose1d(b, b, 4, 2, 1) for _, b in pairs)
        self.out = nn.Sequential(block(WIDTHS[0], WIDTHS[0]), nn.Conv1d(WIDTHS[0], ACTION, 1))
        self.register_buffer("frequencies", frequencies(EMBED))

    def forward(self, noisy, timesteps, condition):
        angles = timesteps[:, None] * self.frequencies
        embedded = self.time(torch.cat([angles.sin(), angles.cos()], -1)).expand(noisy.shape[0], -1)
        modulation = F.mish(torch.cat([embedded, condition], -1))
        x, skips = noisy.transpose(1, 2), []
        for level, (first, second) in enumerate(self.down):
            x = second(first(x, modulation), modulation)
            skips.append(x)
            if level < len(self.shrink):
                x = self.shrink[level](x)
        for middle in self.middle:
            x = middle(x, modulation)
        for (first, second), grow in zip(self.up, self.grow):
            x = grow(second(first(torch.cat([x, skips.pop()], 1), modulation), modulation))
        return self.out(x).transpose(1, 2)


class PictureBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()

        def conv(size_in, size, step):
            return nn.Sequential(nn.Conv2d(size_in, outputs, size, step, size // 2, bias=False), nn.GroupNorm(outputs // 16, outputs))

        self.first, self.second = conv(inputs, 3, stride), conv(outputs, 3, 1)
        self.shortcut = conv(inputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class Encoder(nn.Module):
    """ResNet-18 with group normalisation, spatial softmax, a layer."""

    def __init__(self):
        super().__init__()
        stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.GroupNorm(4, 64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        blocks = [
            PictureBlock(inputs, outputs, stride)
            for inputs, outputs, first in ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
            for inputs, stride in ((inputs, first), (outputs, 1))
        ]
        self.trunk = nn.Sequential(*stem, *blocks, nn.Conv2d(512, KEYPOINTS, 1))
        self.out = nn.Linear(2 * KEYPOINTS, 2 * KEYPOINTS)

    def forward(self, pictures):
        maps = self.trunk(pictures)
        side = torch.linspace(-1, 1, maps.shape[-1])
        grid = torch.stack(torch.meshgrid(side, side, indexing="xy"), -1).flatten(0, 1)
        return F.relu(self.out((maps.flatten(2).softmax(-1) @ grid).flatten(1)))


class CameraPolicy(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.unet = Encoder(), UNet(STEPS * (STATE + 2 * KEYPOINTS))

    def forward(self, noisy, timesteps, observed):
        state, pictures = observed
        features = self.encoder(pictures.flatten(0, 1)).unflatten(0, (-1, STEPS))
        return self.unet(noisy, timesteps, torch.cat([state, features], 2).flatten(1))


def frequencies(size):
    return torch.exp(torch.arange(size // 2) * -math.log(1e4) / (size // 2 - 1))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.both, self.out = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, memory, mask):
        def heads(tokens):
            return tokens.unflatten(-1, (HEADS, -1)).transpose(1, 2)

        key, value = self.both(memory).chunk(2, -1)
        found = F.scaled_dot_product_attention(heads(self.query(x)), heads(key), heads(value), attn_mask=mask)
        return self.out(found.transpose(1, 2).flatten(2))


class DecoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(3))
        self.itself, self.memory = Attention(), Attention()
        self.feed = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x, memory, past, known):
        normal = self.norms[0](x)
        x = x + self.itself(normal, normal, past)
        x = x + self.memory(self.norms[1](x), memory, known)
        return x + self.feed(self.norms[2](x))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.actions, self.observations = nn.Linear(ACTION, WIDTH), nn.Linear(CONDITION // STEPS, WIDTH)
        self.position = nn.Parameter(0.02 * torch.randn(HORIZON, WIDTH))
        self.condition_position = nn.Parameter(0.02 * torch.randn(1 + STEPS, WIDTH))
        self.encoder = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.Mish(), nn.Linear(4 * WIDTH, WIDTH))
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, ACTION)
        steps = torch.arange(HORIZON)[:, None]
        self.register_buffer("past", steps >= torch.arange(HORIZON))
        self.register_buffer("known", steps >= torch.arange(1 + STEPS) - 1)
        self.register_buffer("frequencies", frequencies(WIDTH))

    def forward(self, noisy, timesteps, condition):
        angles = timesteps[:, None] * self.frequencies
        time = torch.cat([angles.sin(), angles.cos()], -1).expand(noisy.shape[0], -1)[:, None]
        tokens = torch.cat([time, self.observations(condition.unflatten(1, (STEPS, -1)))], 1)
        memory = self.encoder(tokens + self.condition_position)
        x = self.actions(noisy) + self.position
        for layer in self.layers:
            x = layer(x, memory, self.past, self.known)
        return self.head(self.norm(x))


def schedule():
    def cosine(t):
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - cosine((i + 1) / TIMESTEPS) / cosine(i / TIMESTEPS), 0.999) for i in range(TIMESTEPS)]
    return torch.cumprod(1 - torch.tensor(betas), 0)


def observe(net, batch):
    if not isinstance(net, CameraPolicy):
        return torch.randn(batch, CONDITION)
    return torch.randn(batch, STEPS, STATE), torch.rand(batch, STEPS, 3, CROP, CROP)


def training(net):
    left, batch = schedule(), 64
    average = copy.deepcopy(net).requires_grad_(False)
    weights, averaged = list(net.parameters()), list(average.parameters())
    optimizer = torch.optim.AdamW(weights, lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, fused=True)
    actions, condition = torch.randn(batch, HORIZON, ACTION), observe(net, batch)
    noise, timesteps = torch.randn(batch, HORIZON, ACTION), torch.randint(0, TIMESTEPS, (batch,))

    def run():
        optimizer.zero_grad(set_to_none=True)
        kept = left[timesteps][:, None, None]
        noisy = kept.sqrt() * actions + (1 - kept).sqrt() * noise
        F.mse_loss(net(noisy, timesteps.float(), condition), noise).backward()
        nn.utils.clip_grad_norm_(weights, 10)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(averaged, weights, 0.005)

    return run


def sampling(net, batch):
    net.eval()
    left = schedule()
    condition, start = torch.randn(batch, CONDITION), torch.randn(batch, HORIZON, ACTION)

    @torch.inference_mode()
    def run():
        x = start
        for t in range(90, -10, -10):
            kept, following = left[t], left[t - 10] if t > 0 else torch.tensor(1.0)
            noise = net(x, torch.tensor([float(t)]), condition)
            clean = ((x - (1 - kept).sqrt() * noise) / kept.sqrt()).clamp(-1, 1)
            x = following.sqrt() * clean + (1 - following).sqrt() * noise
        return x

    return run


def main():
    name, runs = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    kind, task = name.split("-") if "-" in name else ("unet", name)
    net = {"unet": UNet, "transformer": Transformer, "camera": CameraPolicy}[kind]()
    run = training(net) if task == "train" else sampling(net, int(task.removeprefix("sample")))
    wall, cpu = [], []
    for _ in range(runs + math.ceil(runs / 4)):
        start, cpu_start = time.perf_counter(), time.process_time()
        run()
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.process_time() - cpu_start))
    # The first fifth warms up.
    result = {"milliseconds": statistics.median(wall[-runs:]), "cpuMilliseconds": statistics.median(cpu[-runs:])}
    print(json.dumps(result))


main()
