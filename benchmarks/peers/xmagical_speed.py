"""Environment steps per second of the original x-magical 0.0.4, one round.

usage: xmagical_speed.py SECONDS_PER_WORKLOAD
Prints {"versions": {...}, "rates": {"EMBODIMENT/WORKLOAD": steps per second}} on standard output. Resets count as time,
not as steps; actions are uniform random numbers, fixed by a seed.
"""

import collections
import collections.abc
import json
import os
import sys
import time
import warnings

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
warnings.filterwarnings("ignore")

# pymunk 5.6.0 imports a name that Python 3.10 removed.
if not hasattr(collections, "Sequence"):
    collections.Sequence = collections.abc.Sequence

# pymunk prints while it is imported; standard output is for the document.
document, sys.stdout = sys.stdout, sys.stderr
import gym
import numpy as np
import pygame
import pymunk
import xmagical
from xmagical.benchmarks import sweep_to_top

sys.stdout = document


def make(embodiment, observation, size=None):
    # gym 0.26's make() wraps environments in a checker that breaks with NumPy 2: build from the registry entry instead.
    entry = gym.envs.registration.registry["SweepToTop-%s-%s-Allo-TestLayout-v0" % (embodiment, observation)]
    arguments = dict(entry.kwargs)
    if size is not None:
        arguments["res_hw"] = (size, size)
    env = sweep_to_top.SweepToTopEnv(**arguments)
    env.seed(0)
    return env


def without_rendering(env):
    """State environments of the original draw every step and throw the picture away; this is what is left without."""
    env.render = lambda mode="human": None
    return env


def rate(env, seconds):
    width = env.action_space.shape[0]
    actions = np.random.RandomState(1).uniform(-1, 1, size=(4096, width)).astype(np.float32)
    env.reset()
    done = False
    steps = 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(20):
            if done:
                env.reset()
            _, _, done, _ = env.step(actions[steps % 4096])
            steps += 1
    return steps / (time.perf_counter() - start)


xmagical.register_envs()
seconds = float(sys.argv[1])
rates = {}
for embodiment in ("Gripper", "Shortstick", "Mediumstick", "Longstick"):
    workloads = {
        "as shipped": make(embodiment, "State"),
        "state": without_rendering(make(embodiment, "State")),
        "pixels 96": make(embodiment, "Pixels", 96),
        "pixels 384": make(embodiment, "Pixels", 384),
    }
    for name, env in workloads.items():
        rates["%s/%s" % (embodiment.lower(), name)] = rate(env, seconds)

versions = {
    "x-magical": xmagical.__version__,
    "gym": gym.__version__,
    "pymunk": pymunk.version,
    "pygame": pygame.version.ver,
    "numpy": np.__version__,
    "python": sys.version.split()[0],
}
print(json.dumps({"versions": versions, "rates": rates}))
