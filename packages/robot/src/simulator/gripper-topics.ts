import type { GoalOutcome, ServerGoal } from '../graph/actions.js';
import type {
  GraspGoal,
  GripperCommandGoal,
  GripperCommandState,
  MoveGoal,
  SuccessOrError,
  SuccessOrMessage,
  WidthFeedback,
} from '../graph/messages.js';
import type { CommandContext } from './command-context.js';
import type { GripperEnd } from './gripper.js';

/** Feedback of franka_gripper, ms of wall time. */
const FEEDBACK_MS = 33;
/** franka_gripper's own numbers for `gripper_action`: speed, m/s, and tolerance of the width, m. */
const DEFAULT_SPEED = 0.1;
const DEFAULT_EPSILON = 0.005;

/**
 * The actions of franka_gripper, with what is peculiar to them: `gripper_action` takes half the width as its position and
 * answers with the whole.
 * @param name where the names of the gripper begin
 */
export function serveGripper({ node, robot, active }: CommandContext, name: string): void {
  const { gripper } = robot;
  const serve = <Goal extends object>(type: string, action: string, run: (goal: Goal) => Promise<GripperEnd>) =>
    node.serveAction<Goal, SuccessOrError, WidthFeedback>(`franka_msgs/action/${type}`, `${name}/${action}`, {
      accepts: active,
      async execute(goal) {
        const end = await followed(
          goal,
          () => run(goal.goal),
          stop,
          (send) => send({ current_width: gripper.width }),
        );
        return { status: statusOf(goal, end), result: end };
      },
    });
  const stop = () => gripper.stop();

  serve<object>('Homing', 'homing', () => gripper.homing());
  serve<MoveGoal>('Move', 'move', ({ width, speed }) => gripper.move(width, speed));
  serve<GraspGoal>('Grasp', 'grasp', ({ width, speed, force, epsilon }) =>
    gripper.grasp(width, speed, force, epsilon.inner, epsilon.outer),
  );
  node.serveAction<GripperCommandGoal, GripperCommandState, GripperCommandState>(
    'control_msgs/action/GripperCommand',
    `${name}/gripper_action`,
    {
      accepts: active,
      async execute(goal) {
        const state = (reached: boolean): GripperCommandState => ({
          position: gripper.width,
          effort: 0,
          stalled: false,
          reached_goal: reached,
        });
        const end = await followed(
          goal,
          () => run(goal.goal),
          stop,
          (send) => send(state(false)),
        );
        return { status: statusOf(goal, end), result: state(end.success) };
      },
    },
  );
  node.serve<object, SuccessOrMessage>('std_srvs/srv/Trigger', `${name}/stop`, () => {
    gripper.stop();
    return { success: true, message: '' };
  });

  function run({ command }: GripperCommandGoal): Promise<GripperEnd> {
    const width = 2 * command.position;
    if (width >= gripper.width) return gripper.move(width, DEFAULT_SPEED);
    return gripper.grasp(width, DEFAULT_SPEED, command.max_effort, DEFAULT_EPSILON, DEFAULT_EPSILON);
  }
}

/** Sees a motion through, with feedback on the way; a request to cancel stops it. */
async function followed<Goal extends object, Feedback extends object>(
  goal: ServerGoal<Goal, Feedback>,
  start: () => Promise<GripperEnd>,
  stop: () => void,
  tell: (send: (feedback: Feedback) => void) => void,
): Promise<GripperEnd> {
  const timer = setInterval(() => {
    if (goal.cancelRequested) stop();
    else tell((feedback) => goal.publishFeedback(feedback));
  }, FEEDBACK_MS);
  try {
    return await start();
  } finally {
    clearInterval(timer);
  }
}

function statusOf<Goal extends object>(goal: ServerGoal<Goal, object>, end: GripperEnd): GoalOutcome<object>['status'] {
  if (end.success) return 'succeeded';
  return goal.cancelRequested ? 'canceled' : 'aborted';
}
