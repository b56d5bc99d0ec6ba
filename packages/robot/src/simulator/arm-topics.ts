import { InputError } from '@rapport/core';
import type { ArmCell } from '@rapport/sim';
import type { GoalOutcome, ServerGoal } from '../graph/actions.js';
import type {
  FollowJointTrajectoryFeedback,
  FollowJointTrajectoryGoal,
  FollowJointTrajectoryResult,
  JointTrajectory,
  Outgoing,
  PoseStamped,
  TrajectoryStateAnswer,
} from '../graph/messages.js';
import { qosProfiles } from '../graph/qos.js';
import { fromRosTime, type RosTime, toRosTime } from '../graph/time.js';
import { waitUntil } from '../graph/wait.js';
import { attempted, explained } from './attempt.js';
import type { CommandContext } from './command-context.js';
import type { RobotNames } from './names.js';
import { servePointToPoint } from './point-to-point-action.js';
import type { SimulatedRobot } from './robot.js';
import { serveSettings } from './settings.js';
import type { JointSetpoint } from './trajectory.js';

/** How often an action tells how far it is, ms of wall time. */
const FEEDBACK_MS = 50;

type Feedback = Outgoing<FollowJointTrajectoryFeedback>;

/** Takes commands of the arm: trajectories by topic and action, target poses, settings, recovery. */
export function serveArm(context: CommandContext): void {
  takeTrajectories(context);
  serveFollowJointTrajectory(context);
  serveQueryState(context);
  servePointToPoint(context);
  takeTargetPoses(context);
  serveSettings(context);
  serveErrorRecovery(context);
}

function takeTrajectories({ node, robot, names, active, now }: CommandContext): void {
  const topic = `${names.trajectoryController}/joint_trajectory`;
  node.subscribe<JointTrajectory>(
    'trajectory_msgs/msg/JointTrajectory',
    topic,
    qosProfiles.systemDefault,
    (message) => {
      if (!active()) return;
      explained(node, topic, () => robot.follow(message, now()));
    },
  );
}

function serveFollowJointTrajectory(context: CommandContext): void {
  const { node, robot, names, active } = context;
  node.serveAction<FollowJointTrajectoryGoal, FollowJointTrajectoryResult, Feedback>(
    'control_msgs/action/FollowJointTrajectory',
    `${names.trajectoryController}/follow_joint_trajectory`,
    {
      accepts: () => active() && robot.takesTrajectories,
      execute: (goal) => followTrajectory(context, goal),
    },
  );
}

async function followTrajectory(
  { robot, names, now }: CommandContext,
  goal: ServerGoal<FollowJointTrajectoryGoal, Feedback>,
): Promise<GoalOutcome<FollowJointTrajectoryResult>> {
  const { trajectory, path_tolerance, goal_tolerance, goal_time_tolerance } = goal.goal;
  const tolerances = { path: path_tolerance, goal: goal_tolerance, goalTime: goal_time_tolerance };
  let outcome: GoalOutcome<FollowJointTrajectoryResult> | undefined;
  robot.followGoal(trajectory, tolerances, now(), (end) => {
    outcome = end;
  });
  let feedbackAt = 0;
  await waitUntil(() => {
    if (outcome === undefined && goal.cancelRequested) {
      robot.cancelTrajectory();
      outcome = { status: 'canceled', result: { error_code: 0, error_string: 'cancelled by the client' } };
    }
    if (outcome === undefined && performance.now() >= feedbackAt) {
      goal.publishFeedback(feedback(robot.cell, robot, names, now()));
      feedbackAt = performance.now() + FEEDBACK_MS;
    }
    return outcome !== undefined;
  }, Number.POSITIVE_INFINITY);
  return outcome!;
}

function feedback({ drive }: ArmCell, robot: SimulatedRobot, names: RobotNames, now: bigint): Feedback {
  const { setpoint } = robot.trajectory;
  const actual = { positions: drive.positions.slice(), velocities: drive.velocities.slice() };
  return {
    header: { stamp: toRosTime(now) },
    joint_names: names.joints,
    desired: { positions: setpoint.positions.slice(), velocities: setpoint.velocities.slice() },
    actual,
    error: {
      positions: setpoint.positions.map((value, joint) => value - actual.positions[joint]!),
      velocities: setpoint.velocities.map((value, joint) => value - actual.velocities[joint]!),
    },
  };
}

/** Where the trajectory that is followed leads the joints at a time; where that has no answer, where they are. */
function serveQueryState({ node, robot, names, active }: CommandContext): void {
  node.serve<{ time: RosTime }, TrajectoryStateAnswer>(
    'control_msgs/srv/QueryTrajectoryState',
    `${names.trajectoryController}/query_state`,
    ({ time }) => {
      const { drive } = robot.cell;
      let sample: JointSetpoint = {
        positions: drive.positions,
        velocities: drive.velocities,
        accelerations: new Float64Array(0),
      };
      const { success, error: message } = attempted(() => {
        if (!active()) throw new InputError('the simulator is not active');
        sample = robot.trajectory.sampleAt(fromRosTime(time));
      });
      return {
        success,
        message,
        name: names.joints,
        position: sample.positions,
        velocity: sample.velocities,
        acceleration: sample.accelerations,
      };
    },
  );
}

/** CRISP's input: a pose of the tool, with one publisher only. */
function takeTargetPoses({ node, robot, names, active }: CommandContext): void {
  const frames = ['', names.base, names.link(0)];
  const subscription = node.subscribe<PoseStamped>(
    'geometry_msgs/msg/PoseStamped',
    'target_pose',
    qosProfiles.systemDefault,
    ({ header, pose: { position, orientation } }) => {
      if (!active()) return;
      if (subscription.publisherCount > 1) {
        node.error('target_pose has several publishers; its messages are ignored until there is one');
      } else if (!frames.includes(header.frame_id)) {
        node.error(`target_pose is in the frame "${header.frame_id}"; expected ${names.base} or ${names.link(0)}`);
      } else {
        const { x, y, z, w } = orientation;
        explained(node, 'target_pose', () => robot.setTargetPose([position.x, position.y, position.z], [w, x, y, z]));
      }
    },
  );
}

function serveErrorRecovery({ node, robot, active }: CommandContext): void {
  node.serveAction<object, object, object>('franka_msgs/action/ErrorRecovery', 'action_server/error_recovery', {
    accepts: active,
    async execute() {
      const { success, error } = attempted(() => robot.recover());
      if (!success) node.error(`error recovery: ${error}`);
      return { status: success ? 'succeeded' : 'aborted', result: {} };
    },
  });
}
