#!/bin/bash
# One job of a plan, as a task of a Slurm array:  sbatch --array=1-8 examples/slurm/job.sh /shared/jobs
# It may be killed, requeued and moved at any time: it goes on from its last checkpoint.
#SBATCH --job-name=wgrad
#SBATCH --ntasks=1
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
# With GPUs, one for each task, and one kind of them for the whole plan:
##SBATCH --gpus=1 --constraint=a100

jobs=${1:?the folder of the jobs}
cd "${WGRAD:-${SLURM_SUBMIT_DIR:?}}" || exit 2

node src/cli/main.mjs trial --job "$jobs/$SLURM_ARRAY_TASK_ID" &
trial=$!
# Two minutes before the end of the time, or by scancel --batch --signal=USR1: the trial keeps a checkpoint and
# ends, and the task goes back into the queue.
trap 'moves=1; kill -TERM $trial' USR1
# scancel and scontrol requeue signal every process, the trial and its browser among them.
trap : TERM
wait $trial; status=$?
while kill -0 $trial 2>/dev/null; do wait $trial; status=$?; done
[[ -n ${moves:-} && $status == 143 ]] && scontrol requeue "$SLURM_JOB_ID"
exit $status
