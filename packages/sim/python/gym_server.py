"""Serves one Gymnasium environment over a local socket, for packages/sim/src/gym.

usage: gym_server.py SOCKET

Every message is a 4-byte big-endian length and one msgpack map. A request has `op`: make, reset, step, render or close; the
answer to it has `error` (one line) or the fields below. Vectors travel as little-endian float32 bytes.
"""

import importlib
import os
import socket
import struct
import sys

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if "DISPLAY" not in os.environ:
    os.environ.setdefault("MUJOCO_GL", "egl")

import gymnasium
import msgpack
import numpy as np
from gymnasium import spaces

# Bounds beyond this mean "unbounded".
UNBOUNDED = 1e30


class Served:
    """The environment, once it has been made."""

    def make(self, package, id):
        importlib.import_module(package)
        modes = gymnasium.spec(id)  # an unknown id is refused before anything is built
        self.env = gymnasium.make(id)
        self.renders = "rgb_array" in self.env.metadata.get("render_modes", [])
        if self.renders:
            self.env.close()
            self.env = gymnasium.make(id, render_mode="rgb_array")
        observed = self.env.observation_space
        self.observes_picture = (
            isinstance(observed, spaces.Box)
            and observed.dtype == np.uint8
            and len(observed.shape) == 3
            and observed.shape[2] == 3
        )
        reply = {
            "action": self.describe_action(),
            "max_steps": modes.max_episode_steps,
            "rate": float(self.env.metadata.get("render_fps") or 0),
            "renders": self.renders,
        }
        if self.observes_picture:
            reply["picture"] = {"height": observed.shape[0], "width": observed.shape[1]}
        else:
            flat = spaces.flatten_space(observed)
            if not isinstance(flat, spaces.Box):
                raise ValueError("observation space %s has no fixed size" % type(observed).__name__)
            reply["observation"] = bounds(flat)
        return reply

    def describe_action(self):
        space = self.env.action_space
        if isinstance(space, spaces.Discrete):
            return {"choices": int(space.n)}
        if isinstance(space, spaces.Box):
            return bounds(space)
        raise ValueError("action space %s; expected Box or Discrete" % type(space).__name__)

    def reset(self, seed):
        observation, _ = self.env.reset(seed=seed)
        return self.observe(observation)

    def step(self, action):
        space = self.env.action_space
        if isinstance(space, spaces.Discrete):
            taken = space.start + int(action[0])
        else:
            taken = np.asarray(action, dtype=np.float64).astype(space.dtype).reshape(space.shape)
        observation, reward, terminated, truncated, info = self.env.step(taken)
        return {
            **self.observe(observation),
            "reward": float(reward),
            "terminated": bool(terminated),
            "truncated": bool(truncated),
            "success": bool(info.get("is_success", info.get("success", False))),
        }

    def render(self):
        frame = np.ascontiguousarray(self.env.render(), dtype=np.uint8)
        return {"height": frame.shape[0], "width": frame.shape[1], "pixels": frame.tobytes()}

    def observe(self, observation):
        if self.observes_picture:
            return {"pixels": np.ascontiguousarray(observation).tobytes()}
        flat = spaces.flatten(self.env.observation_space, observation)
        return {"vector": np.ascontiguousarray(flat, dtype="<f4").tobytes()}


def bounds(box):
    """Bounds of a Box, entry by entry; None where there is none."""
    clean = lambda values: [float(v) if abs(v) < UNBOUNDED else None for v in np.asarray(values, dtype=np.float64).ravel()]
    return {"low": clean(box.low), "high": clean(box.high)}


def receive(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def main():
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(sys.argv[1])
    served = Served()
    while True:
        (length,) = struct.unpack(">I", receive(connection, 4))
        request = msgpack.unpackb(receive(connection, length))
        op = request.pop("op")
        if op == "close":
            break
        try:
            reply = getattr(served, op)(**request)
        except Exception as error:
            lines = str(error).strip().splitlines()
            reply = {"error": "%s: %s" % (type(error).__name__, lines[0] if lines else "")}
        data = msgpack.packb(reply)
        connection.sendall(struct.pack(">I", len(data)) + data)


main()
