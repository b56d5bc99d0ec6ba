import { once } from 'node:events';
import { z } from 'zod';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'ros sim',
  node: true,
  summary: 'simulate a Franka in the scene of a task, as a ROS 2 node',
  description:
    'Opens the lifecycle node "simulator" with the topics, services and actions of a real arm: joint states, the state ' +
    'broadcaster, cameras, transforms, a joint trajectory controller, a Cartesian impedance controller, the gripper, error ' +
    'recovery; and with services that reset the scene. Simulated time is published on /clock; -p use_sim_time:=false makes it ' +
    "run in wall time. What stands after --ros-args is ROS 2's: remapping, namespace, parameters, a file of parameters. " +
    'Runs until Ctrl+C.',
  examples: [
    'rapport ros sim franka/cup',
    'rapport ros sim franka/cup --robot fr3 --ros-args -r __ns:=/left -p camera_rate:=15.0',
    'rapport ros sim franka/cup --ros-args -p controller:=cartesian_impedance -p use_sim_time:=false',
  ],
  positionals: ['env'],
  heeds: [],
  options: () =>
    z.object({
      env: z.string().default('franka/cup').describe('manipulation environment whose scene is simulated'),
      robot: z.enum(['fer', 'fr3']).optional().describe("the arm: fer is the Panda; the environment's own when absent"),
      autostart: z
        .boolean()
        .default(true)
        .describe('go to the state "active" at once; otherwise a lifecycle manager does it'),
    }),
  async run(context, { env, robot, autostart }) {
    const { openSimulator } = await import('@rapport/robot');
    const simulator = await openSimulator({
      envId: env,
      ...(robot !== undefined && { robotType: robot }),
      autostart,
      rosArguments: context.rosArguments,
    });
    context.announce(`${simulator.node.name} simulates ${env} and is ${simulator.node.state}`);
    try {
      if (!context.signal.aborted) await once(context.signal, 'abort');
    } finally {
      simulator.close();
    }
    return { data: { node: simulator.node.name, env }, text: 'the simulator has left the graph' };
  },
});
