#!/usr/bin/env python3
"""A study of Optuna over npm run trial: python3 examples/optuna/search.py --storage sqlite:///study.db --trials 20

Start it once for each GPU, on every machine that reaches the database: the workers share the study.
"""
import argparse
import json
import pathlib
import subprocess

import optuna

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--storage", required=True, help="database of the study, such as sqlite:///study.db")
parser.add_argument("--study", default="wgrad", help="name of the study")
parser.add_argument("--trials", type=int, default=20, help="that this worker trains")
parser.add_argument("--settings", default="{}", help="what all trials share, as JSON: options of npm run train")
parser.add_argument("--budget", default='{"epochs": 20}', help="of each trial, as JSON")
parser.add_argument("--out", default="runs/optuna", help="folder for the trials' metrics and checkpoints")
args = parser.parse_args()

project = pathlib.Path(__file__).resolve().parents[2]
study = optuna.create_study(
    study_name=args.study, storage=args.storage, direction="maximize", load_if_exists=True,
    pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
)
for _ in range(args.trials):
    trial = study.ask()
    params = {
        "id": f"{args.study}-{trial.number}",
        "settings": {
            "lambda": trial.suggest_float("lambda", 1e-5, 1e-1, log=True),
            "lrMax": trial.suggest_float("lrMax", 1e-4, 0.3, log=True),
            **json.loads(args.settings),
        },
        "budget": json.loads(args.budget),
    }
    out = pathlib.Path(args.out).resolve() / params["id"]
    program = ["node", project / "src/cli/main.mjs", "trial", "--out", out]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(json.dumps(params))
    process.stdin.close()
    result, is_pruned = None, False
    for line in map(json.loads, process.stdout):
        if line["type"] == "result":
            result = line
        elif line["validation"]["accuracy"] is not None and not is_pruned:
            trial.report(line["validation"]["accuracy"], line["step"])
            if trial.should_prune():
                is_pruned = True
                process.terminate()  # The trial keeps a checkpoint and ends as pruned.
    process.wait()
    if result is not None and result["status"] == "complete":
        study.tell(trial, result["values"]["validationAccuracy"])
    else:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED if is_pruned else optuna.trial.TrialState.FAIL)
print(f"best of {len(study.trials)}: {study.best_value:.4f} with {study.best_params}")
