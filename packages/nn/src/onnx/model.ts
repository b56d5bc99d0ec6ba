import { InputError, UnavailableError } from '@rapport/core';
import { createSession, type DeclaredValue, type RuntimeValue } from '../runtime.js';
import type { TensorData } from '../tensor.js';
import { readModel } from './import.js';

/** Any ONNX model, ready to run: onnxruntime computes it, the engine need not know its operators. */
export interface RunnableModel {
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
  /** Results are new arrays. Blocks the calling thread while it computes. */
  run(feeds: Readonly<Record<string, RuntimeValue>>): Promise<Record<string, TensorData>>;
  close(): Promise<void>;
}

/** Operators that draw numbers which no seed of ours decides. */
const RANDOM = ['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Bernoulli', 'Multinomial'];

/**
 * Loads an ONNX model to run it; `importOnnx` takes one in to train it.
 * @param source what the bytes are called in errors, normally the path of the file
 * @throws CorruptDataError for bytes that are no whole ONNX model
 * @throws InputError when it draws random numbers of its own, or onnxruntime cannot run it
 */
export async function openOnnx(bytes: Uint8Array, source: string): Promise<RunnableModel> {
  const random = readModel(bytes, source).graph.node.find(({ op_type }) => RANDOM.includes(op_type));
  if (random !== undefined) {
    throw new InputError(`${source} draws random numbers (operator ${random.op_type}), which no seed repeats`, {
      fix: 'export it with the noise as an input',
    });
  }
  try {
    return await createSession(bytes, 1);
  } catch (error) {
    if (error instanceof UnavailableError) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new InputError(`${source} does not run: ${reason}`, { cause: error });
  }
}
