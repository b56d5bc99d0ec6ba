import { once } from 'node:events';
import { join } from 'node:path';
import { RapportError } from '@rapport/core';
import { z } from 'zod';
import { EXIT_FAILED } from '../output/errors.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'ros record',
  node: true,
  summary: 'record topics of the ROS 2 graph as a rosbag2 bag and a LeRobotDataset v3.0',
  description:
    'Opens the node "recorder" and writes what the topics carry, byte for byte, to DIR/bag (MCAP) until Ctrl+C; then ' +
    'resamples the bag to DIR/dataset, by the mapping or the default one of "rapport convert". Where no topic is named, it ' +
    'takes joints, gripper, poses, commands, the robot state, pictures and transforms of its namespace, also those that ' +
    'appear later. It does not start while a named topic is missing. Tasks on the marker topic (std_msgs/String) begin ' +
    'episodes, an empty text ends them; every ended episode is a finished file of the bag, which survives a kill. Messages ' +
    'that were lost or dropped are counted by topic. A message keeps when it was stamped, sent and recorded.',
  examples: [
    'rapport ros record recordings/cup',
    'rapport ros record recordings/cup --topics /franka/joint_states --topics /target_pose',
    'rapport ros record recordings/cup --mapping cup.yaml --ros-args -p use_sim_time:=true',
  ],
  positionals: ['to'],
  heeds: [],
  options: () =>
    z.object({
      to: z.string().min(1).describe('folder that is made; the bag and the dataset lie in it'),
      topics: z
        .array(z.string().min(1))
        .default([])
        .describe('topics to record, beside those of the mapping; by default what a recording of a robot needs'),
      mapping: z.string().min(1).optional().describe('mapping file of "rapport convert"; its topics are recorded'),
      marker: z.string().min(1).default('/rapport/episode').describe('topic that says where episodes begin and end'),
      fps: z.int().min(1).max(1000).default(10).describe('steps per second of the dataset; not with a mapping'),
      task: z.string().min(1).default('recorded').describe('what the robot is asked to do; not with a mapping'),
      picture: z.int().min(0).max(1024).default(96).describe('width and height of the pictures; not with a mapping'),
    }),
  async run(context, { to, topics, mapping: mappingFile, marker, fps, task, picture }) {
    const [{ openNode, startRecorder }, { bagToDataset, readMapping }] = await Promise.all([
      import('@rapport/robot'),
      import('@rapport/data'),
    ]);
    const mapping = mappingFile === undefined ? { fps, task, picture } : await readMapping(mappingFile);
    const mapped =
      'observation' in mapping
        ? [...mapping.observation, ...mapping.action, ...mapping.cameras].map(({ topic }) => topic)
        : [];
    const wanted = [...new Set([...mapped, ...topics])].filter((topic) => topic !== marker);
    const bag = join(to, 'bag');
    const node = await openNode({ name: 'recorder', arguments: context.rosArguments });
    try {
      const recorder = await startRecorder(node, {
        directory: bag,
        ...(wanted.length > 0 && { topics: wanted }),
        markerTopic: marker,
        signal: context.signal,
        onEpisode: (count) => context.announce(`episode ${count} is on disk`),
      });
      context.announce(`${node.name} records ${recorder.topics.length} topics to ${bag}`);
      if (!context.signal.aborted) await once(context.signal, 'abort');
      const recording = await recorder.stop();
      const counted = recording.topics.map(
        ({ topic, recorded, lost, dropped }) => `${topic}: ${recorded} recorded, ${lost} lost, ${dropped} dropped`,
      );
      counted.push(`${recording.metadata.messageCount} messages in ${bag}`);
      const common = { bag, topics: recording.topics, episodes: recording.episodes };
      try {
        // The signal has ended the recording; it must not end what follows from it.
        const dataset = await bagToDataset(bag, join(to, 'dataset'), { mapping });
        return {
          data: { ...common, dataset },
          text: [
            ...counted,
            ...dataset.skipped.map((line) => `left out: ${line}`),
            `${dataset.episodes} episodes, ${dataset.frames} frames in ${dataset.output}`,
            `rank them: ${program} rank ${dataset.output}`,
          ].join('\n'),
        };
      } catch (error) {
        if (!(error instanceof RapportError)) throw error;
        return {
          data: { ...common, problem: error.message, fix: error.fix },
          text: [
            ...counted,
            `no dataset was made: ${error.message}`,
            ...(error.fix === undefined ? [] : [`  fix: ${error.fix}`]),
            `the bag is whole; try again: ${program} convert ${bag} ${join(to, 'dataset')}`,
          ].join('\n'),
          exitCode: EXIT_FAILED,
        };
      }
    } finally {
      node.close();
    }
  },
});
