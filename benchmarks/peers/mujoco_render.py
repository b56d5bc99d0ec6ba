"""Pictures per CPU second of MuJoCo's own renderer on software OpenGL, one round.

usage: mujoco_render.py MODEL.xml PIXELS SECONDS SETTING...
A SETTING is `default` (as shipped: shadow map, 4 samples per pixel) or `plain` (no shadows, 1 sample per pixel).
The model has a camera named `view`. Prints {"version": ..., "rates": {SETTING: pictures per CPU second}} on standard
output. MUJOCO_GL and LP_NUM_THREADS come from the environment.
"""

import json
import os
import sys
import time

import mujoco


def make_frame(xml, pixels, setting):
    if setting == "plain":
        xml = xml.replace("<visual>", '<visual><quality offsamples="0"/>')
    model = mujoco.MjModel.from_xml_string(xml)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = mujoco.Renderer(model, pixels, pixels)

    def frame():
        renderer.update_scene(data, camera="view")
        if setting == "plain":
            renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = 0
        return renderer.render()

    return frame


def rate(frame, seconds):
    for _ in range(2):
        picture = frame()
    if picture.std() < 1:
        raise SystemExit("the picture is blank")
    count = 0
    start = time.process_time()
    while time.process_time() - start < seconds:
        frame()
        count += 1
    return count / (time.process_time() - start)


path, pixels, seconds, *settings = sys.argv[1:]
with open(path) as file:
    text = file.read()
rates = {setting: rate(make_frame(text, int(pixels), setting), float(seconds)) for setting in settings}
print(json.dumps({"version": mujoco.__version__, "rates": rates}))
sys.stdout.flush()
# Closing OpenGL contexts at exit may raise, which is no result of ours.
os._exit(0)
