import { CorruptDataError } from '@rapport/core';
import { unzipSync } from 'fflate';
import { type PickleHost, PickleObject, type PickleValue, readPickle } from './pickle.js';
import { allowedNames, bytesPerNumber, floatTensors, type NamedTensor, type Storage, storageReader } from './torch.js';

/** A training run that was saved whole: `{cfg, state_dicts, pickles}`, the layout of real-stanford/diffusion_policy. */
export interface TorchWorkspace {
  /** The settings as JSON would hold them; references such as `${horizon}` are left as text. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of what has a state. */
  readonly stateNames: readonly string[];
  /** The float32 tensors of one of them, row-major. @throws CorruptDataError when it holds anything else */
  tensors(stateName: string): Map<string, NamedTensor>;
}

/** A node of an omegaconf tree: what it holds lies in its state. */
class ConfigNode {
  state: ReadonlyMap<PickleValue, PickleValue> = new Map();
}

/** Settings nest at most this deep. */
const MAX_DEPTH = 32;

/** Settings of a run nest little and tensors are many; no checkpoint of a policy comes near this, in bytes. */
const MAX_FILE = 2 ** 32;

/**
 * Reads a file of PyTorch's zip layout as data: nothing is imported, called or executed, and a pickle that names
 * anything but tensors and omegaconf's own classes is refused by name. The byte strings under `pickles`, which hold
 * pickles of their own, are not read.
 * @throws CorruptDataError naming the file and what it holds that was not expected
 */
export function readTorchWorkspace(file: Uint8Array, label: string): TorchWorkspace {
  const members = storedMembers(file, label);
  const pickleName = [...members.keys()].find((name) => name.endsWith('/data.pkl'));
  if (pickleName === undefined) return fail(label, 'holds no data.pkl: it is not of the zip layout of PyTorch');
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const order = members.get(`${folder}byteorder`);
  if (order !== undefined && order.toString() !== 'little') fail(label, `has byte order "${order}"; expected "little"`);

  const storages = new Map<string, Storage>();
  const [document] = readPickle(members.get(pickleName)!, 0, workspaceHost(storages, label), label);
  for (const [key, storage] of storages) {
    const bytes = members.get(`${folder}data/${key}`) ?? fail(label, `holds no storage ${key}`);
    const size = bytesPerNumber[storage.type];
    if (size !== undefined && bytes.length !== storage.length * size) {
      fail(label, `has ${bytes.length} bytes in storage ${key}; expected ${storage.length * size}`);
    }
    storage.bytes = bytes;
  }
  if (!(document instanceof Map)) return fail(label, 'holds no dictionary');
  const states = document.get('state_dicts');
  const config = plainValue(document.get('cfg') ?? null, label, 0);
  if (!(states instanceof Map) || typeof config !== 'object' || config === null || Array.isArray(config)) {
    return fail(label, 'does not hold "cfg" and "state_dicts"');
  }
  return {
    config: config as Record<string, unknown>,
    stateNames: [...states.keys()].map(String),
    tensors: (name) => floatTensors(states.get(name) ?? null, label),
  };
}

/** Every member by name. PyTorch stores them without compression; anything else could unpack to any size. */
function storedMembers(file: Uint8Array, label: string): Map<string, Buffer> {
  if (file.length > MAX_FILE) fail(label, `has ${file.length} bytes; expected at most ${MAX_FILE}`);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(file, {
      filter: ({ name, compression }) => compression === 0 || fail(label, `holds ${name} compressed; expected stored`),
    });
  } catch (cause) {
    if (cause instanceof CorruptDataError) throw cause;
    return fail(label, `is not a zip file: ${(cause as Error).message}`);
  }
  return new Map(
    Object.entries(files).map(([name, { buffer, byteOffset, length }]) => [
      name,
      Buffer.from(buffer, byteOffset, length),
    ]),
  );
}

function workspaceHost(storages: Map<string, Storage>, label: string): PickleHost {
  const node = () => new PickleObject(new ConfigNode());
  return {
    globals: {
      ...allowedNames(label),
      'torch.DoubleStorage': 'name only',
      'torch.HalfStorage': 'name only',
      'torch.IntStorage': 'name only',
      'torch.BoolStorage': 'name only',
      'collections.defaultdict': () => new Map(),
      // Byte strings: pickles within the pickle, which are left alone.
      '_codecs.encode': () => null,
      'dill._dill._load_type': () => null,
      'typing.Any': 'name only',
      'omegaconf.base.ContainerMetadata': node,
      'omegaconf.base.Metadata': node,
      'omegaconf.dictconfig.DictConfig': node,
      'omegaconf.listconfig.ListConfig': node,
      'omegaconf.nodes.AnyNode': node,
    },
    persistent: storageReader(storages, label),
    setState: ({ value }, state) => {
      if (!(value instanceof ConfigNode) || !(state instanceof Map)) fail(label, 'sets the state of an object');
      value.state = state;
    },
  };
}

/** Omegaconf keeps children under `_content` and leaves under `_val`; `_parent` points back up and is left out. */
function plainValue(value: PickleValue, label: string, depth: number): unknown {
  if (depth > MAX_DEPTH) fail(label, `has settings nested deeper than ${MAX_DEPTH}`);
  const inner = (one: PickleValue) => plainValue(one, label, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, one]) => [String(key), inner(one)] as const));
  }
  if (value instanceof PickleObject) {
    const state = value.value instanceof ConfigNode ? value.value.state : fail(label, 'has settings that are no data');
    return inner(state.get('_content') ?? state.get('_val') ?? null);
  }
  if (value === null) return null;
  return typeof value === 'object' || typeof value === 'bigint' ? String(value) : value;
}

function fail(label: string, what: string): never {
  throw new CorruptDataError(`${label} ${what}`, {
    fix: 'save the state dict with safetensors.torch.save_file where the file was made',
  });
}
