#!/bin/bash
# A whole search on Slurm, all its rounds:  examples/slurm/search.sh /shared/jobs --hidden 30,50 --lambda 1e-5..1e-1 --at-once 4
# Run it on the login node (in tmux or nohup: it waits); run it again after an interruption.
set -uo pipefail
jobs=$(realpath -m "${1:?the folder of the jobs, which every node reaches}"); shift
here=$(dirname "$(readlink -f "$0")")
# Where job.sh finds the project, from whichever folder this is called.
export WGRAD="${WGRAD:-$(readlink -f "$here/../..")}"
wgrad() { node "$here/../../src/cli/main.mjs" "$@"; }

numbers=$(wgrad search "$@" --plan "$jobs") || exit $?
while true; do
  if [[ $numbers ]]; then
    # Waits for the whole array; what failed is named by --collect.
    sbatch --wait --chdir="$here/../.." --array="$numbers" ${SBATCH_OPTIONS:-} "$here/job.sh" "$jobs" >&2
  fi
  output=$(wgrad search --collect "$jobs"); status=$?
  if [[ $status != 3 ]]; then echo "$output"; exit $status; fi
  numbers=$output # another round
done
