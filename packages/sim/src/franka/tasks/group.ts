import type { BasePose } from '../../control/motion-target.js';
import { poseEntries, writePose } from '../arm-observation.js';
import { tableAndFloor } from '../furniture.js';
import { distance, softly } from '../score.js';
import type { FixedCamera, ManipulationTask, Stage } from '../task.js';
import { block, GOAL_LINE, goalStrip, homeDistance, REACHED_HOME } from './group-goal.js';

/** Half extents of the red box and the green cube, metres. */
export const groupRed = [0.025, 0.025, 0.03] as const;
export const groupGreen = [0.025, 0.025, 0.025] as const;

/** RAPL's view of the scene, from over the goal towards the arm, drawn back a little so that all of it is seen. */
export const groupCamera: FixedCamera = {
  name: 'front',
  position: [0.02, 0, 0.66],
  target: [0.52, 0, 0.02],
  fovYDeg: 42,
};

/**
 * RAPL's Group (in its code FrankaPush and KukaPush): bring a red box and a green cube over the goal line x = 0.4, into the
 * blue strip, together. The arm stands at x = 1 (Kuka: 1.2) and faces -x. The red box starts within 2 cm of (0.65, 0), the
 * cube at x = 0.53 +- 0.02, y uniform in +-0.12; the tool starts above and behind the box.
 *
 * Success is the original's: both centres at most 8 cm before the line (x <= 0.48); whether they stay together is left to
 * the preference.
 *
 * Score of a step: down * (0.1 near + 0.45 home + 0.45 home * together). down: 1 while neither thing is more than 8 mm
 * above the table, falling to 0 at 4 cm; near: tool within 3 cm of the red box, falling to 0 at 25 cm; home: the farther
 * thing within 5 cm of the line, falling to 0 at 25 cm; together: centres within 7 cm, falling to 0 at 18 cm.
 */
export function groupTask(base: BasePose): ManipulationTask {
  return {
    name: 'group',
    summary: 'bring two blocks over the goal line (success within 8 cm), together and without lifting them',
    maxEpisodeSteps: 60,
    controlHz: 10,
    control: { kind: 'cartesian-delta-position', maxStepMetres: 0.04 },
    base,
    cameras: [groupCamera],
    bounds: { min: [0, -0.6, -0.1], max: [1.2, 0.6, 0.8] },
    workspace: { min: [0.25, -0.4, 0.012], max: [0.8, 0.4, 0.5] },
    memorySize: 0,
    observationEntries: [...poseEntries('red'), ...poseEntries('green')],
    world: () => ({
      bodies: [
        ...tableAndFloor({ min: [0, -0.75], max: [base.position[0] + 0.2, 0.75] }),
        goalStrip(),
        block('red', groupRed, [206, 52, 46], [0.65, 0, groupRed[2]]),
        block('green', groupGreen, [62, 168, 76], [0.53, 0, groupGreen[2]]),
      ],
    }),
    start({ physics, arm }, random) {
      const jitter = () => random.uniformBetween(-0.02, 0.02);
      physics.body('red').place([0.65 + jitter(), jitter(), groupRed[2]]);
      physics.body('green').place([0.53 + jitter(), random.uniformBetween(-0.12, 0.12), groupGreen[2]]);
      arm.placeTcp([0.68 + jitter(), jitter(), 0.15 + jitter()]);
    },
    observe({ physics }, out) {
      for (const [index, name] of ['red', 'green'].entries()) {
        const { position, rotation } = physics.body(name);
        writePose(position, rotation, out, 9 * index);
      }
    },
    stepScore(stage) {
      const { red, green } = places(stage);
      const lift = Math.max(red[2]! - groupRed[2], green[2]! - groupGreen[2]);
      const down = softly(lift, 0.008, 0.04);
      const near = softly(distance(stage.arm.tcpPosition, red), 0.03, 0.25);
      const home = softly(Math.max(homeDistance(red), homeDistance(green)), 0.05, 0.25);
      const together = softly(distance(red, green), 0.07, 0.18);
      return down * (0.1 * near + 0.45 * home + 0.45 * home * together);
    },
    success(stage) {
      const { red, green } = places(stage);
      return Math.max(red[0]!, green[0]!) <= GOAL_LINE + REACHED_HOME;
    },
  };
}

/** Where a Panda stands at Group and Clutter. */
export const frankaGroupBase: BasePose = { position: [1, 0, 0], yawRad: Math.PI };
/** Where a Kuka iiwa stands: nearer than RAPL's 1.3 m, from where it reaches the line only with its hand tilted. */
export const kukaGroupBase: BasePose = { position: [1.2, 0, 0], yawRad: Math.PI };

function places({ physics }: Stage) {
  return { red: physics.body('red').position, green: physics.body('green').position };
}
