export { bindModel, type ModelDeclaration, type OnnxBinding } from './binding.js';
export { normalizationsSchema, type OnnxCard, type OnnxSource, onnxCardSchema, parseOnnxSource } from './card.js';
export { openOnnxPolicy, saveOnnxPolicy } from './files.js';
export { OnnxPolicy } from './policy.js';
