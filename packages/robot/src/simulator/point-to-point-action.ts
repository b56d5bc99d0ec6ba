import type { GoalOutcome, ServerGoal } from '../graph/actions.js';
import { type PtpMotionFeedback, type PtpMotionGoal, type PtpMotionResult, targetStatuses } from '../graph/messages.js';
import { waitUntil } from '../graph/wait.js';
import { attempted } from './attempt.js';
import type { CommandContext } from './command-context.js';
import type { PointToPointEnd } from './point-to-point.js';

/** How often the action tells how far it is, ms of wall time. */
const FEEDBACK_MS = 50;

/** The action of franka_ros2 that moves the joints to a configuration. Why a goal cannot be followed is in its result. */
export function servePointToPoint(context: CommandContext): void {
  context.node.serveAction<PtpMotionGoal, PtpMotionResult, PtpMotionFeedback>(
    'franka_msgs/action/PTPMotion',
    'action_server/ptp_motion',
    { accepts: context.active, execute: (goal) => move(context, goal) },
  );
}

async function move(
  { robot }: CommandContext,
  goal: ServerGoal<PtpMotionGoal, PtpMotionFeedback>,
): Promise<GoalOutcome<PtpMotionResult>> {
  const { goal_joint_configuration, maximum_joint_velocities, goal_tolerance } = goal.goal;
  const target = {
    positions: goal_joint_configuration,
    maximumVelocities: maximum_joint_velocities,
    tolerance: goal_tolerance,
  };
  let end: PointToPointEnd | undefined;
  const { success, error } = attempted(() =>
    robot.moveTo(target, (how) => {
      end = how;
    }),
  );
  if (!success) return aborted(error);
  let feedbackAt = 0;
  await waitUntil(() => {
    if (end !== undefined || goal.cancelRequested) return true;
    if (performance.now() >= feedbackAt) {
      goal.publishFeedback({ target_status: { status: targetStatuses.executing } });
      feedbackAt = performance.now() + FEEDBACK_MS;
    }
    return false;
  }, Number.POSITIVE_INFINITY);
  if (end === undefined) {
    robot.pointToPoint.cancel();
    return { ...aborted('cancelled by the client'), status: 'canceled' };
  }
  if (!end.reached) return aborted(end.error);
  return {
    status: 'succeeded',
    result: { target_status: { status: targetStatuses.reached }, error_message: '' },
  };
}

function aborted(reason: string): GoalOutcome<PtpMotionResult> {
  return {
    status: 'aborted',
    result: { target_status: { status: targetStatuses.aborted }, error_message: reason },
  };
}
