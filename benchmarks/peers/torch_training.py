"""Trains one workload of `rapport bench nn` in PyTorch: torch_training.py WORKLOAD THREADS STEPS.

Prints {"torch", "milliseconds", "cpuMilliseconds", "loss"} as JSON; times are medians per step. Settings are the fast ones
of PyTorch on a CPU: fused Adam, gradients set to None, channels_last for convolutions.
"""

import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def perceptron(inputs, outputs, hidden=256):
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
    )


def multilayer_perceptron():
    net = perceptron(24, 8)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    x, y = torch.randn(256, 24), torch.randn(256, 8)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def soft_actor_critic():
    batch, observation_size, action_size, temperature = 256, 24, 8, 0.1
    critics = nn.ModuleList(perceptron(observation_size + action_size, 1) for _ in range(2))
    targets = nn.ModuleList(perceptron(observation_size + action_size, 1) for _ in range(2))
    targets.load_state_dict(critics.state_dict())
    targets.requires_grad_(False)
    actor = perceptron(observation_size, 2 * action_size)
    critic_parameters, target_parameters = list(critics.parameters()), list(targets.parameters())
    critic_optimizer = torch.optim.Adam(critic_parameters, lr=3e-4, fused=True)
    actor_optimizer = torch.optim.Adam(actor.parameters(), lr=3e-4, fused=True)
    observation, following = torch.randn(batch, observation_size), torch.randn(batch, observation_size)
    action, reward = torch.rand(batch, action_size) * 2 - 1, torch.randn(batch, 1)

    def act(state):
        noise = torch.randn(batch, action_size)
        location, scale = actor(state).chunk(2, -1)
        log_scale = torch.tanh(scale) * 3.5 - 1.5
        before = location + log_scale.exp() * noise
        squash = 2 * (math.log(2) - before - F.softplus(-2 * before))
        density = -0.5 * noise**2 - log_scale - 0.5 * math.log(2 * math.pi) - squash
        return torch.tanh(before), density.sum(-1, keepdim=True)

    def step():
        with torch.no_grad():
            next_action, next_density = act(following)
            pair = torch.cat([following, next_action], -1)
            value = torch.min(targets[0](pair), targets[1](pair)) - temperature * next_density
            goal = reward + 0.99 * value
        pair = torch.cat([observation, action], -1)
        critic_optimizer.zero_grad(set_to_none=True)
        loss = F.mse_loss(critics[0](pair), goal) + F.mse_loss(critics[1](pair), goal)
        loss.backward()
        critic_optimizer.step()

        critics.requires_grad_(False)
        actor_optimizer.zero_grad(set_to_none=True)
        new_action, density = act(observation)
        pair = torch.cat([observation, new_action], -1)
        (temperature * density - torch.min(critics[0](pair), critics[1](pair))).mean().backward()
        actor_optimizer.step()
        critics.requires_grad_(True)

        with torch.no_grad():
            torch._foreach_lerp_(target_parameters, critic_parameters, 0.005)
        return loss

    return step


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [3, 32, 64, 128, 128]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(channels, channels[1:]))
        self.head = nn.Linear(128, 64)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x.mean((2, 3)))


def convolutional_triplets():
    net = Encoder().to(memory_format=torch.channels_last)
    image = torch.randn(32, 3, 96, 96).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        codes = net(image)
        near, far = torch.roll(codes, -1, 0), torch.roll(codes, -16, 0)
        loss = F.softplus(((codes - near) ** 2).sum(1) - ((codes - far) ** 2).sum(1)).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


WORKLOADS = {"W1": multilayer_perceptron, "W2": soft_actor_critic, "W3": convolutional_triplets}


def main():
    name, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    step = WORKLOADS[name]()
    wall, cpu = [], []
    for _ in range(steps + steps // 4):
        start, cpu_start = time.perf_counter(), time.process_time()
        loss = step().item()
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.process_time() - cpu_start))
    # The first fifth warms up.
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "milliseconds": statistics.median(wall[-steps:]),
                "cpuMilliseconds": statistics.median(cpu[-steps:]),
                "loss": loss,
            }
        )
    )


main()
