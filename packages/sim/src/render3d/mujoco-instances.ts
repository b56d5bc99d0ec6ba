import { InputError } from '@rapport/core';
import type { RenderInstance } from './scene.js';
import type { PlanarTexture, Shape } from './shapes.js';

/** What is read of MuJoCo's compiled model (mjModel), by its own names; an `MjModel` fits. */
export interface ModelGeometry {
  readonly ngeom: number;
  readonly geom_type: Int32Array;
  readonly geom_size: Float64Array;
  readonly geom_rgba: Float32Array;
  readonly geom_group: Int32Array;
  readonly geom_matid: Int32Array;
  readonly geom_dataid: Int32Array;
  readonly mat_rgba: Float32Array;
  readonly mat_texid: Int32Array;
  readonly mat_texrepeat: Float32Array;
  readonly mat_texuniform: ArrayLike<number | boolean>;
  readonly tex_type: Int32Array;
  readonly tex_height: Int32Array;
  readonly tex_width: Int32Array;
  readonly tex_nchannel: Int32Array;
  readonly tex_adr: ArrayLike<number | bigint>;
  readonly tex_data: Uint8Array;
  readonly mesh_vertadr: Int32Array;
  readonly mesh_vertnum: Int32Array;
  readonly mesh_vert: Float32Array;
  readonly mesh_faceadr: Int32Array;
  readonly mesh_facenum: Int32Array;
  readonly mesh_face: Int32Array;
  readonly nflex: number;
  readonly flex_dim: Int32Array;
  readonly flex_rgba: Float32Array;
  readonly flex_matid: Int32Array;
  readonly flex_vertadr: Int32Array;
  readonly flex_vertnum: Int32Array;
  readonly flex_elem: Int32Array;
  readonly flex_elemdataadr: Int32Array;
  readonly flex_elemnum: Int32Array;
  readonly flex_shell: Int32Array;
  readonly flex_shelldataadr: Int32Array;
  readonly flex_shellnum: Int32Array;
}

/** Geoms of the groups 0 to 2 are seen; MuJoCo's convention keeps what is only for collision in the group 3. */
const LAST_VISIBLE_GROUP = 2;

/** Half the side of a plane that the model calls infinite, metres. */
const INFINITE = 60;

/** Textures that a material may have, by role; its colours are the second (mjNTEXROLE, mjTEXROLE_RGB). */
const TEXTURE_ROLES = 10;
const COLOUR_ROLE = 1;
const FLAT_TEXTURE = 0;

/**
 * Everything visible in a model of MuJoCo's: instance segments and pose rows are geom numbers, so that frames are
 * `geom_xpos`, `geom_xmat` and, for soft bodies, `flexvert_xpos`; soft body f has the segment `ngeom + f`.
 * @throws InputError for a height field or signed distance field, which the renderer does not draw
 */
export function mujocoInstances(model: ModelGeometry): RenderInstance[] {
  const geoms = Array.from({ length: model.ngeom }, (_, geom) => geom).filter(
    (geom) => model.geom_group[geom]! <= LAST_VISIBLE_GROUP,
  );
  return [
    ...geoms.map((geom) => geomInstance(model, geom)),
    ...Array.from({ length: model.nflex }, (_, flex) => flexInstance(model, flex)),
  ].filter(({ opacity }) => opacity !== 0);
}

function geomInstance(model: ModelGeometry, geom: number): RenderInstance {
  const size = model.geom_size.subarray(3 * geom, 3 * geom + 3);
  const material = model.geom_matid[geom]!;
  const texture = material < 0 ? undefined : planarTexture(model, material, size);
  return {
    shape: geomShape(model, geom),
    ...appearance(model.geom_rgba, geom, model.mat_rgba, material),
    ...(texture && { texture }),
    segment: geom,
    pose: geom,
  };
}

/** Shapes by MuJoCo's number of the type (mjtGeom). */
function geomShape(model: ModelGeometry, geom: number): Shape {
  const x = model.geom_size[3 * geom]!;
  const y = model.geom_size[3 * geom + 1]!;
  const z = model.geom_size[3 * geom + 2]!;
  switch (model.geom_type[geom]) {
    case 0:
      return { kind: 'plane', halfExtents: [x > 0 ? x : INFINITE, y > 0 ? y : INFINITE] };
    case 2:
      return { kind: 'sphere', radius: x };
    case 3:
      return { kind: 'capsule', radius: x, halfLength: y };
    case 4:
      return { kind: 'ellipsoid', radii: [x, y, z] };
    case 5:
      return { kind: 'cylinder', radius: x, halfLength: y };
    case 6:
      return { kind: 'box', halfExtents: [x, y, z] };
    case 7:
      return meshShape(model, model.geom_dataid[geom]!);
    default:
      throw new InputError(`geom ${geom} is of MuJoCo's type ${model.geom_type[geom]}, which is not drawn`, {
        fix: 'use a primitive shape or a mesh, or put the geom into group 3',
      });
  }
}

function meshShape(model: ModelGeometry, mesh: number): Shape {
  const vertex = 3 * model.mesh_vertadr[mesh]!;
  const face = 3 * model.mesh_faceadr[mesh]!;
  return {
    kind: 'mesh',
    positions: model.mesh_vert.slice(vertex, vertex + 3 * model.mesh_vertnum[mesh]!),
    triangles: model.mesh_face.slice(face, face + 3 * model.mesh_facenum[mesh]!),
  };
}

function flexInstance(model: ModelGeometry, flex: number): RenderInstance {
  const dimension = model.flex_dim[flex]!;
  if (dimension < 2)
    throw new InputError(`soft body ${flex} is a line, which is not drawn; expected a sheet or a solid`);
  // A sheet's elements are triangles; a solid's are tetrahedra, and its shell is made of triangles.
  const triangles =
    dimension === 2
      ? model.flex_elem.slice(model.flex_elemdataadr[flex]!).subarray(0, 3 * model.flex_elemnum[flex]!)
      : model.flex_shell.slice(model.flex_shelldataadr[flex]!).subarray(0, 3 * model.flex_shellnum[flex]!);
  return {
    shape: {
      kind: 'skin',
      firstVertex: model.flex_vertadr[flex]!,
      vertexCount: model.flex_vertnum[flex]!,
      triangles,
      surface: dimension === 2 ? 'open' : 'closed',
    },
    ...appearance(model.flex_rgba, flex, model.mat_rgba, model.flex_matid[flex]!),
    segment: model.ngeom + flex,
  };
}

/** MuJoCo's own colour of a geom is half grey; a material then says the colour. */
function appearance(
  own: Float32Array,
  index: number,
  materials: Float32Array,
  material: number,
): Pick<RenderInstance, 'colour' | 'opacity'> {
  const colour = own.subarray(4 * index, 4 * index + 4);
  const unset = colour[0] === 0.5 && colour[1] === 0.5 && colour[2] === 0.5 && colour[3] === 1;
  const [red, green, blue, opacity] =
    unset && material >= 0 ? materials.subarray(4 * material, 4 * material + 4) : colour;
  const byte = (part: number) => Math.round(255 * part);
  return { colour: [byte(red!), byte(green!), byte(blue!)], opacity: opacity! };
}

/** The texture of a plane or a box's top. */
function planarTexture(model: ModelGeometry, material: number, size: Float64Array): PlanarTexture | undefined {
  const texture = model.mat_texid[TEXTURE_ROLES * material + COLOUR_ROLE]!;
  if (texture < 0 || model.tex_type[texture] !== FLAT_TEXTURE) return undefined;
  const width = model.tex_width[texture]!;
  const height = model.tex_height[texture]!;
  const channels = model.tex_nchannel[texture]!;
  const start = Number(model.tex_adr[texture]!);
  const pixels = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let part = 0; part < 3; part++) {
      pixels[3 * pixel + part] = model.tex_data[start + channels * pixel + Math.min(part, channels - 1)]!;
    }
  }
  // Repeats are counted per metre when uniform, else over the whole object.
  const extent = [0, 1].map((axis) => {
    const whole = model.mat_texuniform[material] || !(size[axis]! > 0) ? 1 : 2 * size[axis]!;
    return whole / model.mat_texrepeat[2 * material + axis]!;
  });
  return { width, height, pixels, extent: [extent[0]!, extent[1]!] };
}
