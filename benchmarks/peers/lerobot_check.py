"""Reads every frame of a local LeRobotDataset v3.0 folder with LeRobot itself, offline.

usage: python lerobot_check.py FOLDER

Prints one JSON document: {"ok": true, "episodes", "frames", "fps", "features", "tasks", "rows"}, where each row holds
the index, episode, frame, timestamp and task of a frame, the sums of its state and action, its reward and done flag, and
per picture the mean of each channel in 0..255. On failure {"ok": false, "error"}, and exit code 0 all the same: that
LeRobot refuses a folder is a result.
"""

import json
import logging
import os
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
CACHE = tempfile.TemporaryDirectory()
os.environ["HF_HOME"] = CACHE.name
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import datasets  # noqa: E402

datasets.disable_progress_bars()

from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402


def describe(item):
    row = {key: int(item[key]) for key in ("index", "episode_index", "frame_index")}
    row["timestamp"] = float(item["timestamp"])
    row["task"] = item["task"]
    for key in ("observation.state", "action"):
        row[key] = item[key].double().sum().item()
    row["reward"] = float(item["next.reward"])
    row["done"] = bool(item["next.done"])
    row["pictures"] = {
        key: [round(255 * mean, 3) for mean in value.double().mean(dim=(1, 2)).tolist()]
        for key, value in item.items()
        if key.startswith("observation.images.")
    }
    return row


def main(folder):
    try:
        dataset = LeRobotDataset("local/check", root=folder, video_backend="pyav")
        rows = [describe(dataset[index]) for index in range(dataset.num_frames)]
        return {
            "ok": True,
            "episodes": dataset.num_episodes,
            "frames": dataset.num_frames,
            "rows_on_disk": len(dataset.hf_dataset),
            "fps": dataset.fps,
            "features": sorted(dataset.features),
            "tasks": dataset.meta.tasks.index.tolist(),
            "stats": {key: sorted(value) for key, value in dataset.meta.stats.items()},
            "rows": rows,
        }
    except Exception as error:  # whatever LeRobot raises is the answer
        return {"ok": False, "error": f"{type(error).__name__}: {error}"[:2000]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
