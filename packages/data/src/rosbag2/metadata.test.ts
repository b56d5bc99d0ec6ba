import { describe, expect, it } from 'vitest';
import { bagMetadataText, parseBagMetadata } from './metadata.js';
import { DEFAULT_RECORDED_QOS, parseQos, qosText } from './qos.js';

const topic = (profiles: string, indent: string) => `
    - topic_metadata:
        name: /camera
        type: sensor_msgs/msg/Image
        serialization_format: cdr
        offered_qos_profiles: ${profiles}
        type_description_hash: RIHS01_ab
${indent}      message_count: 3`;
const document = (version: number, profiles: string) => `rosbag2_bagfile_information:
  version: ${version}
  storage_identifier: mcap
  duration:
    nanoseconds: 4990000001
  starting_time:
    nanoseconds_since_epoch: 1700000000000000123
  message_count: 3
  topics_with_message_count:${topic(profiles, '')}
  compression_format: ""
  compression_mode: ""
  relative_file_paths:
    - bag_0.mcap
  files:
    - path: bag_0.mcap
      starting_time:
        nanoseconds_since_epoch: 1700000000000000123
      duration:
        nanoseconds: 4990000001
      message_count: 3
  custom_data:
    operator: annotator-1
  ros_distro: kilted
`;
const forEver = '{sec: 9223372036, nsec: 854775807}';
const numbers = `"- history: 1\\n  depth: 5\\n  reliability: 2\\n  durability: 1\\n  deadline: ${forEver}\\n  lifespan: ${forEver}\\n  liveliness: 1\\n  liveliness_lease_duration: ${forEver}\\n  avoid_ros_namespace_conventions: false"`;
const words = `
          - history: keep_last
            depth: 5
            reliability: best_effort
            durability: transient_local
            deadline: ${forEver}
            lifespan: ${forEver}
            liveliness: automatic
            liveliness_lease_duration: ${forEver}
            avoid_ros_namespace_conventions: false`;

describe('metadata.yaml', () => {
  it('reads profiles as text with numbers and as a sequence of words alike', () => {
    const old = parseBagMetadata(document(5, numbers), 'old');
    const recent = parseBagMetadata(document(9, words), 'recent');
    expect(old.topics[0]!.qos).toEqual(recent.topics[0]!.qos);
    expect(old.topics[0]!.qos).toMatchObject([{ reliability: 'best_effort', durability: 'transient_local', depth: 5 }]);
    expect(old.startingTime).toBe(1700000000000000123n);
    expect(recent.customData).toEqual({ operator: 'annotator-1' });
  });

  it.each([6, 7, 8, 9])('writes all that version %i has so that it reads back the same', (version) => {
    const whole = parseBagMetadata(document(9, words), 'whole');
    const written = { ...whole, version };
    const read = parseBagMetadata(bagMetadataText(written), 'again');
    expect(read.topics[0]!.qos).toEqual(whole.topics[0]!.qos);
    expect(read.customData).toEqual(whole.customData);
    expect(read.files).toEqual(whole.files);
    if (version >= 7) expect(read.topics[0]!.typeHash).toBe('RIHS01_ab');
    if (version >= 8) expect(read.rosDistro).toBe('kilted');
  });

  it('names the file and the field that is wrong', () => {
    expect(() => parseBagMetadata('rosbag2_bagfile_information: {version: 5}', 'bag/metadata.yaml')).toThrow(
      /bag\/metadata\.yaml "storage_identifier"/,
    );
    expect(() => parseBagMetadata(document(10, words), 'm')).toThrow(/version 10; this program knows up to 9/);
    expect(() => parseBagMetadata('a: [', 'm')).toThrow(/m is no YAML/);
  });
});

describe('quality of service', () => {
  it.each([5, 9])('comes back from the text of version %i', (version) => {
    expect(parseQos(qosText([DEFAULT_RECORDED_QOS], version))).toEqual([DEFAULT_RECORDED_QOS]);
  });

  it('is unknown where a newer program wrote a word or a number that is not', () => {
    const profile = { history: 77, depth: 1, reliability: 'psychic', durability: 2 };
    expect(parseQos([profile])).toMatchObject([{ history: 'unknown', reliability: 'unknown', durability: 'volatile' }]);
  });
});
