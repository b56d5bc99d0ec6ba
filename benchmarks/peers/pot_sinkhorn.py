"""Times POT on transport problems given as a raw file of float64 costs, shape [pairs, n, n]; prints one JSON document.
usage: pot_sinkhorn.py COSTS PAIRS N REGULARIZATION TOLERANCE"""

import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
import ot  # noqa: E402
from ot.batch import solve_batch  # noqa: E402

path, pairs, n, regularization, tolerance = sys.argv[1:]
pairs, n = int(pairs), int(n)
regularization, tolerance = float(regularization), float(tolerance)
costs = np.fromfile(path).reshape(pairs, n, n)
uniform = np.full(n, 1 / n)
marginals = np.tile(uniform, (pairs, 1))


def plain():
    return [
        float((ot.sinkhorn(uniform, uniform, cost, regularization, numItermax=1000, stopThr=tolerance) * cost).sum())
        for cost in costs
    ]


def log_domain():
    plans = [
        ot.sinkhorn(
            uniform, uniform, cost, regularization, method="sinkhorn_log", numItermax=1000, stopThr=tolerance
        )
        for cost in costs
    ]
    return [float((plan * cost).sum()) for plan, cost in zip(plans, costs)]


def batched():
    solution = solve_batch(costs, regularization, marginals, marginals, max_iter=1000, tol=tolerance)
    return [float(value) for value in (solution.plan * costs).sum((1, 2))]


def exact():
    return [float(ot.emd2(uniform, uniform, cost)) for cost in costs]


result = {"POT": ot.__version__, "numpy": np.__version__, "milliseconds": {}, "costs": {}}
for name, work in (("plain", plain), ("log", log_domain), ("batch", batched), ("exact", exact)):
    work()
    start = time.process_time()
    result["costs"][name] = work()
    result["milliseconds"][name] = (time.process_time() - start) * 1e3
json.dump(result, sys.stdout)
