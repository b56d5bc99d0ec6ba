"""Does recorded MuJoCo traces again in native MuJoCo: largest deviations, and steps per second.

usage: mujoco_replay.py FOLDER SECONDS
FOLDER holds one folder per trace with model.xml (and the files it names), controls.f64 [steps, nu] and states.f64
[steps + 1, state]: mjSTATE_INTEGRATION before the first step and after every one (time, positions, velocities, ...).
SECONDS of CPU time are spent on measuring each trace's speed; with 0 speed is not measured.
Prints {"version": ..., "traces": [{"id", "steps", "deviation", "step", "singleSteps", "stepsPerSecond"}]}: the largest
difference of a position or velocity along the whole way and after which step, and the largest after every single step
that starts from its recorded state.
"""

import json
import os
import sys
import time

import mujoco
import numpy as np


def read(folder, name):
    return np.fromfile(os.path.join(folder, name), "<f8")


STATE = mujoco.mjtState.mjSTATE_INTEGRATION


def replay(model, data, start, controls, motions=None):
    """The whole way from the start; positions and velocities after every step go to `motions`."""
    mujoco.mj_setState(model, data, start, STATE)
    control = data.ctrl
    step = mujoco.mj_step
    for index in range(len(controls)):
        control[:] = controls[index]
        step(model, data)
        if motions is not None:
            motions[index, : model.nq] = data.qpos
            motions[index, model.nq :] = data.qvel


def replay_single_steps(model, data, states, controls, motions):
    """Every step from its recorded state."""
    for index in range(len(controls)):
        replay(model, data, states[index], controls[index : index + 1], motions[index : index + 1])


def largest(found, expected):
    difference = np.abs(found - expected)
    # A difference that is not a number must not pass for none.
    difference[~np.isfinite(difference)] = np.inf
    return float(difference.max()), int(np.argmax(difference.max(axis=1))) + 1


def measure(folder, seconds):
    model = mujoco.MjModel.from_xml_path(os.path.join(folder, "model.xml"))
    data = mujoco.MjData(model)
    controls = read(folder, "controls.f64").reshape(-1, model.nu)
    states = read(folder, "states.f64").reshape(len(controls) + 1, -1)
    # In a state positions and velocities follow the time.
    expected = states[1:, 1 : 1 + model.nq + model.nv]
    found = np.empty_like(expected)
    replay(model, data, states[0], controls, found)
    deviation, step = largest(found, expected)
    replay_single_steps(model, data, states, controls, found)
    result = {
        "id": os.path.basename(folder),
        "steps": len(controls),
        "deviation": deviation,
        "step": step,
        "singleSteps": np.abs(found - expected).max(axis=1).tolist(),
    }
    if seconds > 0:
        done, begun = 0, time.process_time()
        while time.process_time() - begun < seconds:
            replay(model, data, states[0], controls)
            done += len(controls)
        result["stepsPerSecond"] = done / (time.process_time() - begun)
    return result


def main():
    root, seconds = sys.argv[1], float(sys.argv[2])
    folders = sorted(entry.path for entry in os.scandir(root) if entry.is_dir())
    traces = [measure(folder, seconds) for folder in folders]
    print(json.dumps({"version": mujoco.__version__, "traces": traces}))


main()
