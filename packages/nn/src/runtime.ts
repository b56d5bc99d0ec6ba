import { UnavailableError } from '@rapport/core';
import type * as Onnxruntime from 'onnxruntime-node';
import type { DataType, Shape, TensorData } from './tensor.js';

// onnxruntime 1.30 reports its use to its maker unless told not to, and leaves a log file per process in the temporary
// folder. Said on import: what a worker thread writes into its environment does not reach native code.
process.env.ORT_DISABLE_TELEMETRY ??= '1';

/** A value that goes into or comes out of a session. */
export interface RuntimeValue {
  readonly dtype: DataType;
  readonly shape: Shape;
  readonly data: TensorData;
}

/** An input or output as a model declares it. */
export interface DeclaredValue {
  readonly name: string;
  /** As onnxruntime names it, for example `float32`; `sequence or map` where it is no tensor. */
  readonly dtype: string;
  /** A size that the model leaves open is undefined. */
  readonly shape: readonly (number | undefined)[];
}

/** A compiled ONNX graph. This file is the only one that knows onnxruntime. */
export interface Session {
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /**
   * Runs the graph. The computation blocks the calling thread; results are new arrays that belong to the caller.
   * @param into arrays that float32 results of one axis are written into, by name
   */
  run(
    feeds: Readonly<Record<string, RuntimeValue>>,
    into?: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, TensorData>>;
  /** Frees native memory. */
  close(): Promise<void>;
}

/**
 * Loads a model. The native library is loaded on first use, so that commands that compute nothing start fast.
 * @throws UnavailableError when the native library does not load on this machine
 */
export async function createSession(model: Uint8Array, threads: number): Promise<Session> {
  const ort = await loadOnnxruntime();
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    // Threads inside one operator. Nodes run one after another: training graphs are mostly chains.
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Fusion and constant folding; blocked convolutions where weights are baked.
    graphOptimizationLevel: 'all',
    // Buffers are planned once and reused by every step.
    enableCpuMemArena: true,
    enableMemPattern: true,
    // Errors only: onnxruntime warns about optimisations it skips.
    logSeverityLevel: 3,
    // Idle workers sleep: spinning ones take the core from whoever else works on this machine.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    inputs: session.inputMetadata.map(declaredValue),
    outputs: session.outputMetadata.map(declaredValue),
    async run(feeds, into = {}) {
      const tensors: Record<string, Onnxruntime.Tensor> = {};
      for (const [name, { dtype, data, shape }] of Object.entries(feeds)) {
        tensors[name] = new ort.Tensor(dtype, data, shape);
      }
      const fetches: Record<string, Onnxruntime.Tensor | null> = {};
      for (const name of session.outputNames) {
        const data = into[name];
        fetches[name] = data === undefined ? null : new ort.Tensor('float32', data, [data.length]);
      }
      const results = await session.run(tensors, fetches);
      const values: Record<string, TensorData> = {};
      for (const [name, tensor] of Object.entries(results)) values[name] = tensorData(name, tensor);
      return values;
    },
    close: () => session.release(),
  };
}

async function loadOnnxruntime(): Promise<typeof Onnxruntime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new UnavailableError(
      `onnxruntime does not load on ${process.platform} ${process.arch} with Node ${process.version}: ${reason}`,
      { fix: 'install the dependencies again, on Linux or macOS (x64, arm64) or Windows', cause },
    );
  }
}

function declaredValue(value: Onnxruntime.InferenceSession.ValueMetadata): DeclaredValue {
  if (!value.isTensor) return { name: value.name, dtype: 'sequence or map', shape: [] };
  const shape = value.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : undefined));
  return { name: value.name, dtype: value.type, shape };
}

function tensorData(name: string, { data }: Onnxruntime.Tensor): TensorData {
  if (
    data instanceof Float32Array ||
    data instanceof Int32Array ||
    data instanceof BigInt64Array ||
    data instanceof Uint8Array
  ) {
    return data;
  }
  throw new Error(`internal: output ${name} has an element type that the engine does not use`);
}
