/**
 * A scene that the viewer can redraw: bodies with shapes, and one pose per body per frame.
 * World frame: right-handed, metres, z up; a planar scene lies in the plane z = 0 and is seen from +z.
 */
export interface Scene {
  readonly bodies: readonly SceneBody[];
  /** What to look at: the viewer frames this axis-aligned box. */
  readonly bounds: { readonly min: Vector3; readonly max: Vector3 };
  /** `planar` scenes are viewed from straight above by default, `spatial` ones obliquely. */
  readonly view: 'planar' | 'spatial';
  /** Triangle meshes that shapes name by their place in this list; none when absent. */
  readonly meshes?: readonly SceneMesh[];
}

/** Of a recording of the real world: nothing is known of its bodies, and what there is to see are its pictures. */
export const unknownScene: Scene = { view: 'spatial', bodies: [], bounds: { min: [-1, -1, 0], max: [1, 1, 1] } };

export interface SceneMesh {
  /** Metres, shape [vertices, 3]. */
  readonly positions: Float32Array;
  /** Vertex numbers, shape [triangles, 3], anticlockwise when seen from outside. */
  readonly triangles: Uint32Array;
}

export type Vector3 = readonly [x: number, y: number, z: number];
/** Red, green, blue in 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

export interface SceneBody {
  readonly name: string;
  /**
   * How the body's pose is stored in a frame of the track:
   * `fixed` takes no numbers, `planar` takes (x, y, angleRad), `rigid` takes (x, y, z, qx, qy, qz, qw), and `vertices`,
   * for what deforms, takes (x, y, z) in the world for every vertex of its skins.
   */
  readonly pose: 'fixed' | 'planar' | 'rigid' | 'vertices';
  /** `object`: something that the robot is there to move. */
  readonly role?: 'object';
  /** Skins in bodies with the pose `vertices`, and nothing else there. */
  readonly shapes: readonly SceneShape[];
}

interface ShapeCommon {
  readonly colour: Rgb;
  /** 0 is invisible, 1 opaque; 1 when absent. */
  readonly opacity?: number;
  /** Pose of the shape in the body frame; the identity when absent. */
  readonly position?: Vector3;
  /** Quaternion (x, y, z, w). */
  readonly rotation?: readonly [x: number, y: number, z: number, w: number];
}

export type SceneShape =
  /** A flat outline in the body's xy plane, extruded from z = `bottom` to z = `top`. */
  | (ShapeCommon & {
      readonly kind: 'prism';
      readonly outline: readonly (readonly [x: number, y: number])[];
      readonly bottom: number;
      readonly top: number;
    })
  /** Half extents along x, y, z. */
  | (ShapeCommon & { readonly kind: 'box'; readonly halfExtents: Vector3 })
  | (ShapeCommon & { readonly kind: 'sphere'; readonly radius: number })
  /** Axis along z, centred at the origin. */
  | (ShapeCommon & { readonly kind: 'cylinder'; readonly radius: number; readonly halfLength: number })
  | (ShapeCommon & { readonly kind: 'capsule'; readonly radius: number; readonly halfLength: number })
  /** A floor: a rectangle in the xy plane that is seen from +z only, and by its squares lets distances be judged. */
  | (ShapeCommon & { readonly kind: 'plane'; readonly halfExtents: readonly [x: number, y: number] })
  /** Radii along x, y, z. */
  | (ShapeCommon & { readonly kind: 'ellipsoid'; readonly radii: Vector3 })
  /** Index into `Scene.meshes`. */
  | (ShapeCommon & { readonly kind: 'mesh'; readonly mesh: number })
  /** A surface whose vertices every frame brings; triangles of shape [triangles, 3], counted from its first vertex. */
  | (ShapeCommon & {
      readonly kind: 'skin';
      readonly vertexCount: number;
      readonly triangles: readonly number[];
      /** A closed hull shows its outside only; an open sheet shows both sides. */
      readonly surface: 'closed' | 'open';
    });

/** Numbers that one frame of a pose track holds for a body. */
export function poseWidth({ pose, shapes }: SceneBody): number {
  switch (pose) {
    case 'fixed':
      return 0;
    case 'planar':
      return 3;
    case 'rigid':
      return 7;
    case 'vertices':
      return 3 * shapes.reduce((sum, shape) => sum + (shape.kind === 'skin' ? shape.vertexCount : 0), 0);
  }
}

/** Numbers that one frame of a pose track holds for this scene. */
export function poseTrackWidth(scene: Scene): number {
  return scene.bodies.reduce((sum, body) => sum + poseWidth(body), 0);
}
